"""Made-up files of any number of items: the same for the same number, whoever makes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

LABELS = ("entailment", "neutral", "contradiction")
ANNOTATORS, VOTES = 4, 100
PEOPLE, PER_ITEM, GENDERS = 1_000, 5, ("f", "m", "d")
WORDS = tuple(
    "the a man woman dog street plays guitar near river old young runs sits red blue house they people crowd".split()  # noqa: SIM905
)


def items(count: int, file: Path) -> Path:
    """Items with two texts, four annotators' labels and a reference of a hundred votes, about 370 bytes each."""
    return _written(file, (_item(at, Random(at)) for at in range(count)))


def evidence(count: int, file: Path) -> Path:
    """What a blind model says of the same items."""
    return _written(file, (_said(at, Random(at)) for at in range(count)))


def annotated(count: int, file: Path) -> Path:
    """Items with a text and the labels of five of a thousand annotators, each with a gender, about 380 bytes each."""
    return _written(file, (_annotated(at, Random(at)) for at in range(count)))


def _annotated(at: int, chance: Random) -> dict[str, Any]:
    people = chance.sample(range(PEOPLE), PER_ITEM)
    chosen = chance.choices(LABELS, _weights(chance), k=PER_ITEM)
    return {
        "id": f"item-{at:07d}",
        "text": " ".join(chance.choices(WORDS, k=14)).capitalize() + ".",
        "gender": [GENDERS[person % len(GENDERS)] for person in people],
        "labels": [{"annotator": f"a{who}", "label": label} for who, label in zip(people, chosen, strict=True)],
    }


def _item(at: int, chance: Random) -> dict[str, Any]:
    weights = _weights(chance)
    first, second = (" ".join(chance.choices(WORDS, k=words)).capitalize() + "." for words in (14, 8))
    chosen = chance.choices(LABELS, weights, k=ANNOTATORS)
    votes = chance.choices(LABELS, weights, k=VOTES)
    return {
        "id": f"item-{at:07d}",
        "premise": first,
        "hypothesis": second,
        "labels": [{"annotator": f"a{number}", "label": label} for number, label in enumerate(chosen)],
        "reference": {label: votes.count(label) for label in LABELS},
    }


def _said(at: int, chance: Random) -> dict[str, Any]:
    # The first draws are those of the item, so the model knows something of it.
    weights = [weight + other for weight, other in zip(_weights(chance), _weights(chance), strict=True)]
    total = sum(weights)
    shares = {label: weight / total for label, weight in zip(LABELS, weights, strict=True)}
    return {"id": f"item-{at:07d}", "distribution": shares, "saw_labels": False, "model": "made up"}


def _weights(chance: Random) -> list[float]:
    return [chance.random() + 0.05 for _ in LABELS]


def _written(file: Path, rows: Iterator[dict[str, Any]]) -> Path:
    if not file.exists():
        unfinished = file.with_suffix(".unfinished")
        with unfinished.open("w", encoding="utf-8") as out:
            for row in rows:
                out.write(json.dumps(row) + "\n")
        unfinished.replace(file)
    return file
