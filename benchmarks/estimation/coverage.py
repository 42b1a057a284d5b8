"""How often intervals hold the truth, and whether expected errors are the true ones: labels drawn from known truths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.embedded.markdown import number, percent, table
from benchmarks.estimation.data import GROUPS, chaosnli, reference_of, the_341
from benchmarks.estimation.held_out import PRIORS, estimate_under
from benchmarks.estimation.truths import TRUTHS, labelled
from benchmarks.point import Point
from labeldist.estimation.estimate import estimate_from
from labeldist.estimation.observations import Array, Observations
from labeldist.evaluation.metric import METRICS

SOURCES = ("chaosnli-snli", "chaosnli-mnli")
LABELS_PER_ITEM = range(2, 11)
SEEDS = range(5)
LEAST, MOST = 0.87, 0.93  # of intervals with a chance of 90%
NEAR = 0.12  # of the true error
MADE_LABELS = (2, 3, 5, 10)
MADE_ITEMS = 1500


def measure() -> dict[str, Any]:
    """Rows for draws of so many labels per item, for simulated truths, and for the 341 items with references."""
    priors = [*PRIORS.values()]
    simulated = [_drawn(source, count, prior) for source in SOURCES for prior in priors for count in LABELS_PER_ITEM]
    made = [_made(name, count, prior) for name in TRUTHS for prior in priors for count in MADE_LABELS]
    return {"seeds": list(SEEDS), "simulated": simulated, "truths": made, "the 341, --calibrate reference": _the_341()}


def _drawn(source: str, count: int, prior: str) -> dict[str, Any]:
    """Labels drawn from the 100 votes of each item, which are the truth then; no evidence."""
    known = chaosnli(source)
    truth = reference_of(known)
    given = []
    for seed in SEEDS:
        counts = np.random.default_rng([seed, count]).multinomial(count, truth).astype(np.float64)
        given.append((truth, Observations(known.labels, known.ids, counts)))
    return {"source": source, "prior": prior, "labels per item": count} | _figures(given, prior)


def _made(name: str, count: int, prior: str) -> dict[str, Any]:
    """Labels drawn from distributions of a known kind."""
    given = []
    for seed in SEEDS:
        chance = np.random.default_rng([seed, count])
        truth = TRUTHS[name](MADE_ITEMS, chance)
        given.append((truth, labelled(truth, count, chance)))
    return {"source": name, "prior": prior, "labels per item": count} | _figures(given, prior)


def _figures(given: Sequence[tuple[Array, Observations]], prior: str) -> dict[str, Any]:
    """Means over pairs of a truth and labels drawn from it."""
    covered, expected, actual, triggered, worth = [], [], [], 0, []
    for seed, (truth, observed) in enumerate(given):
        found = estimate_under(observed, prior, seed=seed)
        covered.append(_covered(truth, found.posterior.low, found.posterior.high))
        expected.append(float(found.posterior.expected_kl.mean()))
        actual.append(METRICS.get("kl").value(truth, found.mean))
        triggered += bool(found.calibration.dispersion and found.calibration.dispersion.selected)
        worth.append(found.calibration.concentration)
    return {
        "coverage": dict(zip(given[0][1].labels, np.mean(covered, axis=0).round(4).tolist(), strict=True)),
        "expected KL": round(float(np.mean(expected)), 5),
        "true KL": round(float(np.mean(actual)), 5),
        "concentration": round(float(np.mean(worth)), 3),
        "called selected": triggered,
    }


def _covered(truth: Array, low: Array, high: Array) -> Array:
    """The share of items whose truth is inside, for each label (K,); a truth of exactly an end is inside."""
    share: Array = ((low - 1e-9 <= truth) & (truth <= high + 1e-9)).mean(axis=0)
    return share


def _the_341() -> list[dict[str, Any]]:
    rows = []
    for labels, group in GROUPS.items():
        observed = the_341(group)
        truth = reference_of(observed)
        found = [estimate_from(observed, calibrate="reference", seed=seed) for seed in SEEDS]
        covered = np.mean([_covered(truth, one.posterior.low, one.posterior.high) for one in found], axis=0)
        rows.append(
            {
                "labels": labels,
                "coverage": dict(zip(observed.labels, covered.round(4).tolist(), strict=True)),
                "expected KL": round(float(np.mean([one.posterior.expected_kl.mean() for one in found])), 5),
                "true KL": round(float(np.mean([METRICS.get("kl").value(truth, one.mean) for one in found])), 5),
            }
        )
    return rows


def points(result: dict[str, Any]) -> list[Point]:
    """The extremes of each source under the prior that is measured last, the default; the table has all."""
    made = []
    for source in (*SOURCES, *TRUTHS):
        rows = [row for row in (*result["simulated"], *result["truths"]) if row["source"] == source]
        rows = [row for row in rows if row["prior"] == rows[-1]["prior"]]
        shares = [(share, f"{label}, {r['labels per item']}") for r in rows for label, share in r["coverage"].items()]
        ratios = [(row["expected KL"] / row["true KL"], str(row["labels per item"])) for row in rows]
        for what, values, least, most in (("coverage", shares, LEAST, MOST), ("KL ratio", ratios, 1 - NEAR, 1 + NEAR)):
            for how, (value, where), wanted in (("at least", min(values), least), ("at most", max(values), most)):
                extreme = "lowest" if how == "at least" else "highest"
                made.append(Point(f"{source}: {extreme} {what} ({where} labels per item)", how, wanted, value))
        called = sum(row["called selected"] for row in rows)
        made.append(Point(f"{source}: draws called selected by agreement", "at most", 0, called))
    return made


def rendered(result: dict[str, Any]) -> str:
    """The tables of all three."""
    real = result["the 341, --calibrate reference"]
    titles = ["the 341, --calibrate reference", *real[0]["coverage"], "expected KL", "true KL", "ratio"]
    parts = [_table("labels drawn from", result["simulated"]), _table("truth", result["truths"])]
    return "\n\n".join([*parts, table(titles, [[row["labels"], *_cells(row)] for row in real])])


def _table(what: str, rows: Sequence[dict[str, Any]]) -> str:
    titles = [what, "prior", "per item", *rows[0]["coverage"], "expected KL", "true KL", "ratio", "k"]
    cells = [
        [r["source"], r["prior"], str(r["labels per item"]), *_cells(r), f"{r['concentration']:.2f}"] for r in rows
    ]
    return table(titles, cells)


def _cells(row: dict[str, Any]) -> list[str]:
    ratio = row["expected KL"] / row["true KL"]
    errors = [number(row["expected KL"], 4), number(row["true KL"], 4), f"{ratio:.3f}"]
    return [*(percent(share) for share in row["coverage"].values()), *errors]
