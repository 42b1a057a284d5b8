"""How many votes references have, and what follows: of few, only proper scores rank predictions right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from labeldist.core.item import Item
from labeldist.evaluate.evaluation import Column

FEW_VOTES = 20  # the median from which a reference is smooth enough for distances
LEADING = ("ce", "brier", "rps")


def median_votes(items: Iterable[Item]) -> float | None:
    """The median number of votes behind the references; None where they are probabilities, whose votes nobody knows.

    Whole numbers are counts. A single whole vote counts as one only where no reference has fractions: among
    probabilities, 1 is one of them.

    >>> few = [Item("1", {}, reference={"yes": 1}), Item("2", {}, reference={"yes": 2, "no": 1})]
    >>> median_votes(few), median_votes([few[0], Item("2", {}, reference={"yes": 0.6, "no": 0.4})])
    (2.0, None)
    """
    references = [item.reference for item in items if item.reference is not None]
    counts = [_votes(reference) for reference in references]
    fractions = None in counts
    known = [count for count in counts if count is not None and not (fractions and count == 1)]
    return float(median(known)) if known and len(known) * 2 >= len(references) else None


def are_few(votes: float | None) -> bool:
    """Whether proper scores must lead."""
    return votes is not None and votes < FEW_VOTES


def few_votes_note(votes: float, columns: Sequence[Column]) -> str:
    """What to read first in a table with these columns, where references have few votes, and why."""
    scores = listed([column.title for column in columns if column.name in LEADING] or ["CE", "Brier"])
    distances = listed([column.title for column in columns if column.misleads])
    return (
        f"The references have few votes (median {votes:g}): read {scores} first, which rank predictions right whatever "
        f"the number of votes. A reference of few votes is itself sharp, so {distances} favour sharp predictions, "
        "right or wrong."
    )


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them.

    >>> listed(["CE"]), listed(["CE", "Brier", "RPS"])
    ('CE', 'CE, Brier and RPS')
    """
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _votes(reference: Mapping[str, float]) -> float | None:
    values = [float(value) for value in reference.values()]
    return sum(values) if all(value.is_integer() for value in values) else None
