"""The 341 items: distance from the 100 annotators of labels with and without evidence, calibrated in both ways."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.embedded.markdown import number, table
from benchmarks.estimation.data import (
    EVIDENCE,
    GROUPS,
    METRIC_NAMES,
    TITLES,
    averaged,
    figures,
    reference_of,
    smoothed,
    the_341,
    without_references,
    worse,
)
from benchmarks.point import Point
from labeldist.estimation.estimate import estimate_from

SEEDS = range(5)  # of the folds
REFERENCE, LABELS, SMOOTHED = "reference", "labels", "none, + 0.5"
WITH, ALONE = "both", "none"

# (labels, calibration): what was asked of labels with both evidences.
ASKED: dict[tuple[str, str], dict[str, float]] = {
    ("4 VariErr labels", REFERENCE): {"kl": 0.134, "jsd": 0.167, "tvd": 0.178, "dcorr": 0.79},
    ("5 MNLI labels", REFERENCE): {"kl": 0.116, "jsd": 0.153, "tvd": 0.169, "dcorr": 0.83},
    ("all 9 labels", REFERENCE): {"kl": 0.094},
    ("4 VariErr labels", LABELS): {"kl": 0.216, "jsd": 0.195, "dcorr": 0.73},
}
# What is published for the same items.
PUBLISHED = {
    "4 VariErr labels": {"kl": 0.234, "jsd": 0.247, "tvd": 0.266, "dcorr": 0.760},
    "5 MNLI labels": {"kl": 0.242, "jsd": 0.251, "tvd": 0.275, "dcorr": 0.849},
}


def measure() -> dict[str, Any]:
    """A row per group of annotators, calibration and evidence."""
    rows = []
    for labels in GROUPS:
        observed = the_341(GROUPS[labels])
        counts, reference = observed.counts, reference_of(observed)
        rows.append(_row(labels, SMOOTHED, ALONE, [figures(reference, smoothed(counts))]))
        for calibrate in (LABELS, REFERENCE):
            rows += [_estimated(labels, calibrate, evidence) for evidence in (ALONE, WITH)]
    return {"items": len(reference), "folds' seeds": list(SEEDS), "rows": rows}


def _estimated(labels: str, calibrate: str, evidence: str) -> dict[str, Any]:
    observed = the_341(GROUPS[labels], EVIDENCE if evidence == WITH else ())
    reference = reference_of(observed)
    # Only folds depend on the seed, and labels know of none.
    given, seeds = (observed, SEEDS) if calibrate == REFERENCE else (without_references(observed), SEEDS[:1])
    found = [estimate_from(given, calibrate=calibrate, seed=seed) for seed in seeds]
    told = _row(labels, calibrate, evidence, [figures(reference, one.mean) for one in found])
    return told | {
        "concentration": round(found[0].calibration.concentration, 3),
        "selected": bool(found[0].calibration.dispersion and found[0].calibration.dispersion.selected),
        "links": sorted({name for one in found for name in one.calibration.links}),
    }


def _row(labels: str, calibrate: str, evidence: str, several: list[dict[str, float]]) -> dict[str, Any]:
    spread = {name: round(float(np.std([one[name] for one in several])), 4) for name in METRIC_NAMES}
    about = {"labels": labels, "calibrate": calibrate, "evidence": evidence}
    return about | {"figures": averaged(several), "spread over folds": spread}


def points(result: dict[str, Any]) -> list[Point]:
    """What was asked beside what was reached."""
    found = {(row["labels"], row["calibrate"], row["evidence"]): row["figures"] for row in result["rows"]}
    made = []
    for (labels, calibrate), asked in ASKED.items():
        for name, wanted in asked.items():
            how = "at least" if name == "dcorr" else "at most"
            title = TITLES[METRIC_NAMES.index(name)]
            made.append(
                Point(f"{labels}, --calibrate {calibrate}: {title}", how, wanted, found[labels, calibrate, WITH][name])
            )
    for name, title in zip(METRIC_NAMES, TITLES, strict=True):
        best = found["4 VariErr labels", LABELS, WITH][name]
        more = worse(name, best, found["4 VariErr labels", LABELS, ALONE][name])
        made.append(Point(f"4 VariErr labels, --calibrate labels: {title}, less without evidence", "below", 0.0, more))
    return made


def rendered(result: dict[str, Any]) -> str:
    """The rows as a table, the published figures below."""
    rows = [
        [
            row["labels"],
            row["calibrate"],
            row["evidence"],
            *(number(row["figures"][name], 4) for name in METRIC_NAMES),
            number(row["spread over folds"]["kl"], 4),
        ]
        for row in result["rows"]
    ]
    rows += [
        [labels, "published", "", *(number(known[name]) for name in METRIC_NAMES), ""]
        for labels, known in PUBLISHED.items()
    ]
    return table([f"{result['items']} items", "calibrated on", "evidence", *TITLES, "KL's s.d. over folds"], rows)
