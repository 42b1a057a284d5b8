"""What to know of the distributions of one condition as a whole: counted while their rows pass by."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from labeldist.judging.adaptive import MOST_ADAPTIVE
from labeldist.models.base import LanguageModel


class Tally:
    """Counts over rows of distributions; ``target``: the standard error that was asked for, where one was.

    >>> tally = Tally()
    >>> [row["id"] for row in tally.of([{"id": "1", "answer_mass": 0.5, "standard_error": {"yes": None}}])]
    ['1']
    >>> tally.answer_mass
    0.5
    """

    def __init__(self, target: float | None = None) -> None:
        self._target = math.inf if target is None else target
        self._rows = self._imprecise = self._unread = self._answers = 0
        self._letter_mass = self._unlisted = 0.0

    def of(self, rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        """The rows, unchanged."""
        for row in rows:
            self._rows += 1
            self._letter_mass += row["answer_mass"]
            self._unlisted += row.get("unlisted", 0.0)
            self._unread += row.get("unread", 0)
            self._answers += row.get("orders", 0) + row.get("unread", 0)
            self._imprecise += max(error or 0.0 for error in row["standard_error"].values()) > self._target
            yield row

    @property
    def answer_mass(self) -> float | None:
        """The mean answer mass, near 0 where the answers were never likely; None before the first row."""
        return self._letter_mass / self._rows if self._rows else None

    def notes(self, explanations: str) -> list[str]:
        """What a user has to know of the rows, which were judged with these ``explanations``."""
        found = []
        if self._unlisted:
            found.append(
                f"{self._unlisted / self._rows:.1%} of the options were not among the tokens that the server lists: "
                "the most that they could have stands for their probability"
            )
        if self._unread:
            found.append(
                f"{self._unread:,} of {self._answers:,} answers could not be read as a number for each option, and "
                "were left out"
            )
        if self._imprecise:
            found.append(
                f"{self._imprecise:,} of the distributions have a standard error above {self._target:g}: no item is "
                f"asked under more than {MOST_ADAPTIVE} orders unless by balanced:N"
            )
        return [f"with explanations {explanations!r} {note}" for note in found]


def model_notes(models: Iterable[LanguageModel]) -> list[str]:
    """What to know of the models' answers, each with the model's name."""
    return list(dict.fromkeys(f"{model.name}: {note}" for model in models for note in model.capabilities.notes))
