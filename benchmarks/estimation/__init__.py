"""How good estimates are, and how fast, measured on real and on simulated data against fixed bars.

python -m benchmarks.estimation [NAME ...]      measure all, or those named; writes results.json after each
"""
