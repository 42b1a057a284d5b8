"""Judging under 12 balanced orders against all 144: what it costs, and how far the MJDs are apart."""

from __future__ import annotations

import os
import sys
import time

import numpy as np

from labeldist.datasets.source import open_source
from labeldist.explain.condition import parse_condition
from labeldist.judge.judge import JudgeSettings, judge
from labeldist.models.open import open_model

ITEMS = 8


def main() -> None:
    """Print prompts, seconds and the mean distance between both MJDs (TVD), on items with four human explanations."""
    if "LABELDIST_DATA" not in os.environ:
        sys.exit("set LABELDIST_DATA to the folder of data sets")
    dataset = open_source("mjd-estimator", limit=ITEMS)
    human = parse_condition("human")
    asked = [(item, human.choose(item, (), dataset.task)) for item in dataset.items()]
    model = open_model("embedded")
    found = {}
    for spec in ("balanced:12", "all"):
        began = time.perf_counter()
        pooled = judge(asked, dataset.task, model, JudgeSettings(spec))
        seconds = time.perf_counter() - began
        found[spec] = np.array([mjd.distribution.probabilities for mjd in pooled])
        error = np.mean([mjd.standard_error for mjd in pooled])
        print(
            f"{spec:<12} {sum(m.orders for m in pooled):5} prompts {seconds:7.1f} s   mean standard error {error:.4f}"
        )
    distance = 0.5 * np.abs(found["all"] - found["balanced:12"]).sum(axis=1)
    print(f"TVD between both: mean {distance.mean():.4f}, largest {distance.max():.4f}")


if __name__ == "__main__":
    main()
