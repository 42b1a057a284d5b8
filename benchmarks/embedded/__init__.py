"""What the embedded model can do, measured; the results are the tables of its model card.

python -m benchmarks.embedded [NAME ...]      measure all, or those named; writes results.json after each
python -m benchmarks.embedded.card            put the tables of results.json into the model card
python -m benchmarks.embedded.acceptance      what was asked of the model beside what it reached
"""
