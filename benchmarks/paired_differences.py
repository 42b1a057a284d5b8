"""Which kind of explanations does better, with intervals: differences of the MJDs of one finished run on its items.

python -m benchmarks.paired_differences RUN SOURCE     (for instance mjd-estimator-run mjd-estimator)
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np

from labeldist.datasets.predictions import read_predictions
from labeldist.datasets.source import open_source
from labeldist.evaluation.bootstrap import paired_difference
from labeldist.evaluation.metric import all_metrics


def main(run: Path, source: str) -> None:
    """Print each metric's difference for each pair of conditions, with its 95% interval (1,000 resamples, seed 0)."""
    dataset = open_source(source)
    labels = dataset.task.label_names
    references = {item.id: item.reference_distribution(labels) for item in dataset.items()}
    mjds = {
        file.name.removeprefix("mjd.").removesuffix(".jsonl"): {
            row.id: row.distribution.probabilities for row in read_predictions(file, dataset.task)
        }
        for file in sorted(run.glob("mjd.*.jsonl"))
    }
    ids = [id_ for id_, found in references.items() if found and all(id_ in rows for rows in mjds.values())]
    reference = np.array([found.probabilities for id_ in ids if (found := references[id_])])
    print(f"{len(ids)} items that have a reference and an MJD of every kind")
    for (one, its), (other, theirs) in itertools.combinations(mjds.items(), 2):
        for metric in all_metrics():
            pair = (np.array([rows[id_] for id_ in ids]) for rows in (its, theirs))
            between = paired_difference(metric, reference, *pair)
            print(f"{one} - {other:16} {metric.title:7} {between.value:+.3f} [{between.low:+.3f}, {between.high:+.3f}]")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
