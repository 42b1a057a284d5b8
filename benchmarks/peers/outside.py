"""Run in the peers' environment, where labeldist is not: python outside.py IN.npz OUT.npz

IN has ``matrix`` (N, A), the label of each annotator or -1, and ``classifier`` (N, K); OUT gets a distribution (N, K)
by each method, as its library has it by default.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import Any

import numpy as np


def main(given: str, out: str) -> None:
    """Write what each method says, and the libraries' versions as JSON."""
    known = np.load(given, allow_pickle=False)
    matrix, classifier = known["matrix"], known["classifier"]
    found = {"CROWDLAB": crowdlab(matrix, classifier), **aggregated(matrix, classifier.shape[1])}
    versions = json.dumps({name: version(name) for name in ("cleanlab", "crowd-kit")})
    np.savez(out, versions=np.array(versions), **found)


def aggregated(matrix: np.ndarray, labels: int) -> dict[str, np.ndarray]:
    """What crowd-kit's methods make of the labels alone."""
    import pandas as pd
    from crowdkit.aggregation import GLAD, MACE, MMSR, DawidSkene

    task, worker = np.nonzero(matrix >= 0)
    frame = pd.DataFrame({"task": task, "worker": worker, "label": matrix[task, worker]})
    said = {
        "Dawid-Skene": DawidSkene().fit_predict_proba(frame),
        "GLAD": GLAD().fit_predict_proba(frame),
        "MACE": MACE(random_state=0).fit_predict_proba(frame),
        # Skills may be negative, and so the weights of labels: what is below 0 counts as 0.
        "MMSR": MMSR(random_state=0).fit_predict_score(frame).clip(lower=0),
    }
    return {name: _rows(one, len(matrix), labels) for name, one in said.items()}


def _rows(frame: Any, items: int, labels: int) -> np.ndarray:
    """A frame of some items and labels as distributions of all; even where nothing is said."""
    found = frame.reindex(index=range(items), columns=range(labels)).fillna(0.0).to_numpy(dtype=float)
    total = found.sum(axis=1, keepdims=True)
    return np.where(total > 0, found / np.where(total > 0, total, 1), 1 / labels)


def crowdlab(matrix: np.ndarray, classifier: np.ndarray) -> np.ndarray:
    """CROWDLAB's whole distribution: cleanlab's public function returns its value at the consensus only."""
    from cleanlab import multiannotator

    given = np.where(matrix < 0, np.nan, matrix.astype(float))
    seen = []
    weigh = multiannotator._get_post_pred_probs_and_weights

    def kept(*arguments: Any, **more: Any) -> Any:
        seen.append(weigh(*arguments, **more))
        return seen[-1]

    multiannotator._get_post_pred_probs_and_weights = kept
    try:
        multiannotator.get_label_quality_multiannotator(given, classifier, verbose=False)
    finally:
        multiannotator._get_post_pred_probs_and_weights = weigh
    return np.asarray(seen[-1][0])  # the last consensus is the one that is reported


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
