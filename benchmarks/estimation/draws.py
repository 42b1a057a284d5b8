"""Labels drawn from ChaosNLI's 100 votes, with evidence: the mixture against the single Dirichlet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from benchmarks.embedded.markdown import number, signed, table
from benchmarks.estimation.classifiers import cross_fitted, nli_features, own_mjds
from benchmarks.estimation.data import chaosnli, reference_of, smoothed
from benchmarks.estimation.held_out import DIRICHLET, HALF, MIXTURE, PRIORS, estimated
from benchmarks.point import Point
from benchmarks.populations.averaged import Drawn, averaged
from benchmarks.populations.smoothing import Array
from labeldist.core.item import Item
from labeldist.datasets.source import open_source
from labeldist.estimation.observations import EvidenceArray, Observations
from labeldist.evaluation.metric import METRICS

SOURCES = ("chaosnli-snli", "chaosnli-mnli")
LABELS_PER_ITEM = (2, 3, 5, 8)
ITEMS = (300, 1500)
MJD, CLASSIFIER = "own MJD", "own classifier"
SEEDS = range(3)  # of the draws
RESAMPLES = 1000


def measure(
    sources: Sequence[str] = SOURCES,
    labels_per_item: Sequence[int] = LABELS_PER_ITEM,
    items: Sequence[int] = ITEMS,
    seeds: Sequence[int] = SEEDS,
) -> dict[str, Any]:
    """A row per source, number of labels and of items, and evidence."""
    ways = product(sources, labels_per_item, items, (MJD, CLASSIFIER))
    return {"seeds": [*seeds], "rows": [_row(*way, seeds) for way in ways]}


def _row(source: str, labels: int, items: int, evidence: str, seeds: Sequence[int]) -> dict[str, Any]:
    draws = [_draw(source, labels, items, evidence, seed) for seed in seeds]
    found = averaged(METRICS.get("kl"), draws, resamples=RESAMPLES, seed=0)
    names = [*draws[0].distributions]
    about = {"source": source, "labels per item": labels, "items": items, "evidence": evidence}
    differs = {"difference": found.difference(MIXTURE, DIRICHLET).as_dict()} if MIXTURE in names else {}
    return about | {"kl": {name: round(found.values[name], 5) for name in names}} | differs


def _draw(source: str, labels: int, items: int, evidence: str, seed: int) -> Drawn:
    """Labels of ``items`` items, which are the same for every seed."""
    known = chaosnli(source)
    rows = np.sort(np.random.default_rng(0).permutation(len(known.ids))[:items])
    reference = reference_of(known)[rows]
    counts = np.random.default_rng([seed, labels]).multinomial(labels, reference).astype(np.float64)
    said = own_mjds(source)[rows] if evidence == MJD else _classifier(source, rows, counts)
    ids = tuple(known.ids[at] for at in rows)
    observed = Observations(known.labels, ids, counts, evidence=(EvidenceArray(evidence, said),))
    found = {name: estimated(observed, prior) for name, prior in PRIORS.items()}
    return Drawn(reference, found | {HALF: smoothed(counts)})


def _classifier(source: str, rows: np.ndarray, counts: Array) -> Array:
    """A regression on the MJD and the texts, learnt from the labels of items with other premises."""
    items = [_items(source)[at] for at in rows]
    return cross_fitted(nli_features(items, own_mjds(source)[rows]), [one.fields["premise"] for one in items], counts)


@cache
def _items(source: str) -> list[Item]:
    return [*open_source(source).items()]


def points(result: dict[str, Any]) -> list[Point]:
    """Whether the mixture is nowhere worse beyond noise, and better on most."""
    rows = [row for row in result["rows"] if "difference" in row]
    if not rows:
        return []
    worst = max(rows, key=lambda row: row["difference"]["low"])
    better = sum(row["difference"]["value"] < 0 for row in rows) / len(rows)
    return [
        Point(f"mixture less Dirichlet, worst lower end ({_where(worst)})", "at most", 0.0, worst["difference"]["low"]),
        Point("share of rows where the mixture is better", "above", 0.5, better),
        Point("mixture less Dirichlet, mean", "below", 0.0, mean_difference(rows)),
    ]


def mean_difference(rows: Sequence[dict[str, Any]]) -> float:
    """Of the KL, mixture less Dirichlet."""
    return float(np.mean([row["difference"]["value"] for row in rows]))


def _where(row: dict[str, Any]) -> str:
    return f"{row['source']}, {row['labels per item']}, {row['items']:,}, {row['evidence']}"


def rendered(result: dict[str, Any]) -> str:
    """A row per way."""
    names = [*result["rows"][0]["kl"]]
    titles = ["drawn from", "labels", "items", "evidence", *(f"KL: {name}" for name in names), "mixture less Dirichlet"]
    cells = [
        [
            row["source"],
            str(row["labels per item"]),
            f"{row['items']:,}",
            row["evidence"],
            *(number(row["kl"][name], 4) for name in names),
            signed(row["difference"]) if "difference" in row else "",
        ]
        for row in result["rows"]
    ]
    return table(titles, cells)
