"""What was asked of the estimates of the 341 items, with one seed of the folds; the benchmark takes several."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.estimation.accuracy import ASKED, LABELS, REFERENCE
from benchmarks.estimation.data import GROUPS, METRIC_NAMES, figures, reference_of, the_341, without_references, worse

from labeldist.estimation.estimate import estimate_from


def met(asked: dict[str, float], found: dict[str, float]) -> bool:
    return all(worse(name, found[name], wanted) <= 0 for name, wanted in asked.items())


@pytest.mark.parametrize(
    "labels", ["4 VariErr labels", "5 MNLI labels", pytest.param("all 9 labels", marks=pytest.mark.slow)]
)
def test_calibrated_on_references(real: Path, labels: str) -> None:
    observed = the_341(GROUPS[labels])
    found = figures(reference_of(observed), estimate_from(observed, calibrate=REFERENCE).mean)
    assert met(ASKED[labels, REFERENCE], found), found


def test_calibrated_on_labels_alone(real: Path) -> None:
    labels = "4 VariErr labels"
    observed, alone = the_341(GROUPS[labels]), the_341(GROUPS[labels], evidence=())
    found, without = (
        figures(reference_of(one), estimate_from(without_references(one), calibrate=LABELS).mean)
        for one in (observed, alone)
    )
    assert met(ASKED[labels, LABELS], found), found
    assert all(worse(name, found[name], without[name]) < 0 for name in METRIC_NAMES), (found, without)
