"""Labels alone, two annotators of each item held out: how far the posterior is from what those two say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from benchmarks.embedded.markdown import number, table
from benchmarks.estimation.data import without_references
from benchmarks.point import Point
from benchmarks.populations.averaged import Averaged, Drawn, averaged
from benchmarks.populations.smoothing import Array, fitted_pseudo_count, smoothed
from labeldist.core.errors import InputError
from labeldist.core.item import Item
from labeldist.datasets.source import open_source
from labeldist.estimation.estimate import Estimate, estimate_from
from labeldist.estimation.observations import Observations, observe
from labeldist.evaluation.metric import METRICS, Metric, scaled

HELD_OUT = 2
SEEDS = range(5)  # of who is held out
RESAMPLES = 1000
# All items of the parts that come nearest to KNOWN; the other parts of XNLI (test), MD-Agreement (train, dev) and MP
# (test) are left for later trials.
SETS: dict[str, tuple[str, ...]] = {
    "circa": ("circa:dev", "circa:test"),
    "lewidi-paraphrase": ("lewidi-paraphrase:train",),
    "lewidi-csc": ("lewidi-csc:dev", "lewidi-csc:test"),
    "ocnli": ("ocnli",),
    "klue-nli": ("klue-nli",),
    "xnli": ("xnli:dev-en",),
    "hs-brexit": ("hs-brexit:train", "hs-brexit:dev", "hs-brexit:test"),
    "md-agreement": ("md-agreement:test",),
    "lewidi-mp": ("lewidi-mp:dev",),
}
# What a study of other draws found for the single Dirichlet, and what the mixture is to reach; None: no more than
# MARGIN worse than the single Dirichlet.
KNOWN: dict[str, tuple[float | None, float | None]] = {
    "circa": (0.675, 0.56),
    "lewidi-paraphrase": (1.575, 1.45),
    "lewidi-csc": (1.123, 1.09),
    "ocnli": (0.351, 0.34),
    "klue-nli": (0.221, 0.214),
    "xnli": (0.361, 0.356),
    "hs-brexit": (0.180, 0.178),
    "md-agreement": (None, None),
    "lewidi-mp": (None, None),
}
MARGIN = 0.002
DIRICHLET, MIXTURE = "posterior, dirichlet", "posterior, mixture"
PRIORS = {DIRICHLET: "dirichlet", MIXTURE: "mixture"}
# On scales, beside the posterior means: what --point gives under the mixture, held to frequencies by Wasserstein.
MEDIANS = {f"{MIXTURE}, {point}": point for point in ("median", f"median:{HELD_OUT}")}
FREQUENCIES, HALF, FITTED = "frequencies", "+ 0.5 per label", "fitted pseudo-count"


class HeldOut(NamedTuple):
    """Labels without a reference, the distribution of the annotators held out (N, K), and where labels stand (K,)."""

    observed: Observations
    reference: Array
    values: tuple[float, ...] | None


@cache
def load(name: str, seed: int = 0) -> HeldOut:
    """A set of ``SETS`` with two annotators of each item held out, drawn by ``seed``; items with too few are left out.

    Raises :class:`InputError` for a name that is not there.
    """
    if name not in SETS:
        raise InputError(f"a set named {name!r}", expected=f"one of {', '.join(SETS)}")
    opened = [
        open_source(source, reference_annotators=f"{HELD_OUT}:{seed}", on_error="skip", texts=False)
        for source in SETS[name]
    ]
    items: list[Item] = [item for dataset in opened for item in dataset.items()]
    task = opened[0].task
    known = observe(items, task.label_names, use=(), ordered=task.values is not None)
    assert known.reference is not None
    return HeldOut(without_references(known), known.reference, task.values)


def measure(names: Sequence[str] = (*SETS,), seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """Each set's figures, and how each distribution differs from the single Dirichlet's."""
    return {"seeds": [*seeds], "held out": HELD_OUT, "sets": {name: _one(name, seeds) for name in names}}


def _one(name: str, seeds: Sequence[int]) -> dict[str, Any]:
    known = [load(name, seed) for seed in seeds]
    draws = [Drawn(one.reference, _distributions(one.observed)) for one in known]
    found = {metric.name: averaged(metric, draws, resamples=RESAMPLES, seed=0) for metric in _metrics(known[0].values)}
    return {
        "items": len(known[0].reference),
        "sources": [*SETS[name]],
        "by seed": {who: [round(_kl(draw, who), 4) for draw in draws] for who in draws[0].distributions},
        "figures": {
            who: {metric: of.of(who).as_dict() for metric, of in found.items()} for who in draws[0].distributions
        },
        "differences": _differences(found, draws[0].distributions, DIRICHLET),
        "less frequencies": _differences(found, [one for one in MEDIANS if one in draws[0].distributions], FREQUENCIES),
    }


def _differences(found: dict[str, Averaged], names: Iterable[str], other: str) -> dict[str, Any]:
    """What each is more than that other one, paired by item and draw."""
    return {
        name: {metric: of.difference(name, other).as_dict() for metric, of in found.items()}
        for name in names
        if name != other
    }


def _kl(draw: Drawn, name: str) -> float:
    return METRICS.get("kl").value(draw.reference, draw.distributions[name])


def _metrics(values: Sequence[float] | None) -> list[Metric]:
    """KL, and on a scale the two scores that know of near misses."""
    names = ("kl",) if values is None else ("kl", "wasserstein", "rps")
    return [scaled(METRICS.get(name), values) for name in names]


def _distributions(observed: Observations) -> dict[str, Array]:
    counts = observed.counts
    known = {name: estimated(observed, prior) for name, prior in PRIORS.items()}
    if observed.ordered:
        under = {name: estimate_under(observed, "mixture", point=point) for name, point in MEDIANS.items()}
        known |= {name: one.distribution for name, one in under.items()}
    return known | {
        FREQUENCIES: smoothed(counts, 0.0),
        HALF: smoothed(counts, 0.5),
        FITTED: smoothed(counts, fitted_pseudo_count(counts)),
    }


def estimate_under(observed: Observations, prior: str, seed: int = 0, point: str = "mean") -> Estimate:
    """The estimate on labels alone under that prior."""
    return estimate_from(observed, calibrate="labels", prior=prior, point=point, seed=seed)


def estimated(observed: Observations, prior: str) -> Array:
    """The posterior means (N, K) under that prior."""
    return estimate_under(observed, prior).mean


def points(result: dict[str, Any]) -> list[Point]:
    """Of each set: whether the mixture reaches what was asked, and on scales whether its medians do."""
    made = []
    for name, found in result["sets"].items():
        if MIXTURE not in found["figures"]:
            continue
        old, new = (found["figures"][which]["kl"]["value"] for which in (DIRICHLET, MIXTURE))
        wanted = KNOWN[name][1]
        made.append(Point(f"{name}: KL", "at most", round(old + MARGIN, 4) if wanted is None else wanted, new))
        made += _on_scale(name, found["figures"])
    return made


def _on_scale(name: str, figures: Mapping[str, Any]) -> list[Point]:
    """Whether the medians are at least as near as frequencies by Wasserstein distance."""
    return [
        Point(
            f"{name}: Wasserstein, --point {point}",
            "at most",
            figures[FREQUENCIES]["wasserstein"]["value"],
            figures[who]["wasserstein"]["value"],
        )
        for who, point in MEDIANS.items()
        if who in figures
    ]


def rendered(result: dict[str, Any]) -> str:
    """A row per set and distribution; bold: the interval of the paired difference is without 0; known: see KNOWN."""
    titles = ["two held out", "items", "distribution", "KL", "less the Dirichlet's", "known", "Wasserstein"]
    titles += ["less the frequencies'", "RPS"]
    rows = []
    for name, found in result["sets"].items():
        for who, figures in found["figures"].items():
            apart, rps = (number(figures[one]["value"]) if one in figures else "" for one in ("wasserstein", "rps"))
            less = found.get("less frequencies", {}).get(who, {}).get("wasserstein")
            cells = [apart, "" if less is None else _signed(less), rps]
            difference = found["differences"].get(who, {}).get("kl")
            told = "" if difference is None else _signed(difference)
            known = KNOWN[name][who == MIXTURE] if who in PRIORS else None
            expected = "" if known is None else number(known)
            rows.append([name, f"{found['items']:,}", who, number(figures["kl"]["value"]), told, expected, *cells])
    return table(titles, rows)


def _signed(found: dict[str, float]) -> str:
    mark = "**" if found["low"] > 0 or found["high"] < 0 else ""
    low, high = (number(found[end], sign=True) for end in ("low", "high"))
    return f"{mark}{number(found['value'], sign=True)}{mark} [{low}, {high}]"
