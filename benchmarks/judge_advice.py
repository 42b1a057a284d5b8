"""How often the advice on a judge is right, on simulated items; ``python -m benchmarks.judge_advice``, two minutes."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np

from labeldist.core.item import Annotation, Item
from labeldist.runs.judge_advice import advice

LABELS = ("a", "b", "c")
SETS = 25
NOISE = 4.0  # annotators: how far what a judge makes up is spread


def verdict(draw: np.random.Generator, items: int, votes: int, spread: float, known: float) -> str:
    """The advice on a judge of whose answers so much is ``known`` from the truth, and the rest made up."""
    truths, noise = draw.dirichlet([spread] * 3, items), draw.dirichlet([NOISE] * 3, items)
    said = known * truths + (1 - known) * noise
    counts = [draw.multinomial(votes, truth).tolist() for truth in truths]
    made = [
        Item(str(at), {}, tuple(Annotation(label, times=n) for label, n in zip(LABELS, one, strict=True) if n))
        for at, one in enumerate(counts)
    ]
    rows = [
        {
            "id": item.id,
            "distribution": dict(zip(LABELS, shares.tolist(), strict=True)),
            "standard_error": dict.fromkeys(LABELS, 0.01),
            "answer_mass": 1.0,
        }
        for item, shares in zip(made, said, strict=True)
    ]
    return advice("judge", LABELS, made, rows).verdict


def main() -> None:
    """A line for each kind of set."""
    for items, votes, spread, known in product((30, 50), (3, 5, 20), (0.7, 3.0), (0.0, 0.3, 0.6)):
        draw = np.random.default_rng(7)
        found = Counter(verdict(draw, items, votes, spread, known) for _ in range(SETS))
        print(f"{items} items, {votes} labels, base rate worth {3 * spread:.0f}, known {known:.0%}: {dict(found)}")


if __name__ == "__main__":
    main()
