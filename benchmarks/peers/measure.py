"""All methods on one problem: four metrics with intervals, and how far each is from labeldist's posterior."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.embedded.markdown import number
from benchmarks.estimation.data import METRIC_NAMES, TITLES
from benchmarks.peers.environment import outside
from benchmarks.peers.ours import OURS, inside
from benchmarks.peers.problems import PROBLEMS
from benchmarks.peers.problems import TITLES as SHOWN
from benchmarks.populations.averaged import Drawn, averaged
from labeldist.evaluation.metric import METRICS


def measure(name: str, seeds: Sequence[int], resamples: int = 1000) -> dict[str, Any]:
    """Each is the mean over ``seeds``, which draw the labels and who gave them."""
    draws, versions = [], {}
    for seed in seeds:
        problem = PROBLEMS[name](seed)
        peers, versions = outside(problem)
        draws.append(Drawn(problem.reference, inside(problem) | peers))
    ours = OURS["mixture"]
    found = {one: averaged(METRICS.get(one), draws, resamples=resamples, seed=0) for one in METRIC_NAMES}
    return {
        "items": len(draws[0].reference),
        "seeds": [*seeds],
        "versions": versions,
        "compared with": ours,
        "figures": {who: {one: of.of(who).as_dict() for one, of in found.items()} for who in draws[0].distributions},
        "differences": {
            who: {one: of.difference(who, ours).as_dict() for one, of in found.items()}
            for who in draws[0].distributions
            if who != ours
        },
    }


def table(results: dict[str, Any]) -> str:
    """A row per problem and method, the best KL first; bold: the interval of the difference is without 0."""
    lines = [
        f"| data | method | {' | '.join(TITLES)} | KL, more than ours |",
        "|---|---|" + "---:|" * (len(TITLES) + 1),
    ]
    for name, found in results.items():
        figures = found["figures"]
        for who in sorted(figures, key=lambda one: figures[one]["kl"]["value"]):
            cells = [_value(figures[who][one]) for one in METRIC_NAMES]
            more = "" if who == found["compared with"] else _difference(found["differences"][who]["kl"])
            lines.append(f"| {SHOWN[name]} ({found['items']:,}) | {who} | {' | '.join(cells)} | {more} |")
    return "\n".join(lines)


def _value(found: dict[str, Any]) -> str:
    if found["value"] is None:
        return "undefined"
    return f"{number(found['value'])} [{number(found['low'])}, {number(found['high'])}]"


def _difference(found: dict[str, Any]) -> str:
    mark = "**" if found["low"] > 0 or found["high"] < 0 else ""
    low, high = (number(found[end], sign=True) for end in ("low", "high"))
    return f"{mark}{number(found['value'], sign=True)}{mark} [{low}, {high}]"
