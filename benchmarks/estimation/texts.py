"""What the items' texts add to the labels: two annotators of each item held out, the default prior with and without."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np

from benchmarks.embedded.markdown import table
from benchmarks.estimation.held_out import HELD_OUT, RESAMPLES
from benchmarks.point import Point
from benchmarks.populations.averaged import Drawn, averaged
from labeldist.datasets.source import open_source
from labeldist.estimation.estimate import estimate
from labeldist.evaluation.metric import METRICS

MOST = 2_500  # items of a set
SEEDS = range(3)  # of who is held out
# Of each set its parts, and by how much texts are to lower the KL; 0.002 is what they may cost anywhere.
SETS: dict[str, tuple[tuple[str, ...], float]] = {
    "hs-brexit": (("hs-brexit:train", "hs-brexit:dev"), -0.013),
    "md-agreement": (("md-agreement:train",), -0.012),
    "xnli": (("xnli:dev-en",), -0.004),
    "circa": (("circa:dev",), 0.002),
    "ocnli": (("ocnli",), 0.002),
    "klue-nli": (("klue-nli",), 0.002),
    "lewidi-csc": (("lewidi-csc:dev",), 0.002),
    "lewidi-mp": (("lewidi-mp:dev",), 0.002),
}
LABELS, TEXTS = "labels", "labels and texts"


def measure(names: Sequence[str] = (*SETS,), seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """Each set's KL with and without texts, and the difference."""
    return {"seeds": [*seeds], "held out": HELD_OUT, "sets": {name: _one(name, seeds) for name in names}}


def _one(name: str, seeds: Sequence[int]) -> dict[str, Any]:
    draws = [_draw(name, seed) for seed in seeds]
    found = averaged(METRICS.get("kl"), draws, resamples=RESAMPLES, seed=0)
    return {
        "items": len(draws[0].reference),
        **{who: found.of(who).as_dict() for who in (LABELS, TEXTS)},
        "difference": found.difference(TEXTS, LABELS).as_dict(),
    }


def _draw(name: str, seed: int) -> Drawn:
    parts, _ = SETS[name]
    opened = [open_source(part, reference_annotators=f"{HELD_OUT}:{seed}", on_error="skip") for part in parts]
    task = opened[0].task
    items = list(islice((item for dataset in opened for item in dataset.items()), MOST))
    references = [item.reference_distribution(task.label_names) for item in items]
    made = {
        who: estimate(items, task=task, use=(), texts=texts).mean for who, texts in ((LABELS, ()), (TEXTS, ("text",)))
    }
    return Drawn(np.array([one.probabilities for one in references if one is not None]), made)


def points(result: dict[str, Any]) -> list[Point]:
    """What was asked of each set."""
    return [
        Point(f"{name}: KL, texts less none", "at most", SETS[name][1], found["difference"]["value"])
        for name, found in result["sets"].items()
    ]


def rendered(result: dict[str, Any]) -> str:
    """A line per set."""
    rows = [
        [
            name,
            f"{found['items']:,}",
            *(f"{found[who]['value']:.4f}" for who in (LABELS, TEXTS)),
            "{value:+.4f} [{low:+.4f}, {high:+.4f}]".format(**found["difference"]),
        ]
        for name, found in result["sets"].items()
    ]
    return table(["two held out", "items", LABELS, TEXTS, "difference"], rows)
