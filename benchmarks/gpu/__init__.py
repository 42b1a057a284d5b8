"""How the prompt tree does on one GPU: against plain batches, by rows, sizes of a pass and kinds of attention.

python -m benchmarks.gpu --out FOLDER      on a bare machine with torch and transformers, at most 8 minutes
"""
