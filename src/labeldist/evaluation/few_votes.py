"""What follows where references have few votes: only proper scores rank predictions right."""

from __future__ import annotations

from collections.abc import Sequence

from labeldist.evaluation.evaluation import Column

FEW_VOTES = 20  # the median from which a reference is smooth enough for distances
LEADING = ("ce", "brier", "rps")


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
