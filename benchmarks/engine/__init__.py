"""How fast the prompt tree is beside other ways to the same scores, measured side by side in one run.

python -m benchmarks.engine [NAME ...]      measure all, or those named; writes results.json after each
"""
