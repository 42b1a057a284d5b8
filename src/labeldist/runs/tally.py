"""What to know of the distributions of one condition as a whole: counted while their rows pass by."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from labeldist.judging.adaptive import MOST_ADAPTIVE
from labeldist.models.base import LanguageModel

FEWEST = 20  # items from which on it is told whether a model answers by their content
SAME = 0.02  # standard deviation of shares below which a model says about the same of every item


class Tally:
    """Counts over rows of distributions; ``target``: the standard error that was asked for, where one was.

    >>> tally = Tally()
    >>> row = {"distribution": {"yes": 1.0}, "answer_mass": 0.5, "standard_error": {"yes": None}}
    >>> [*tally.of([row])] == [row]
    True
    >>> tally.answer_mass
    0.5
    """

    def __init__(self, target: float | None = None) -> None:
        self._target = math.inf if target is None else target
        self._rows = self._imprecise = self._unread = self._refused = self._answers = 0
        self._letter_mass = self._unlisted = 0.0
        self._content = _Content()

    def of(self, rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        """The rows, unchanged."""
        for row in rows:
            self._rows += 1
            self._letter_mass += row["answer_mass"]
            self._unlisted += row.get("unlisted", 0.0)
            self._unread += row.get("unread", 0)
            self._answers += row.get("answered", row.get("orders", 0)) + row.get("unread", 0)
            self._refused += row.get("refused", 0)
            self._content.add(row["distribution"], row.get("spread") or {})
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
                f"{self._unread:,} of {self._answers:,} answers could not be read as the numbers asked for, and were "
                f"left out: {self._refused:,} without any, {self._unread - self._refused:,} partial or not a hundred "
                "together (the rows have them as unread_answers)"
            )
        if self._imprecise:
            found.append(
                f"{self._imprecise:,} of the distributions have a standard error above {self._target:g}: no item is "
                f"asked under more than {MOST_ADAPTIVE} orders unless by balanced:N"
            )
        found += self._content.notes()
        return [f"with explanations {explanations!r} {note}" for note in found]


class _Content:
    """How much shares vary over items, and how much the order of the question moves them: sums over both."""

    def __init__(self) -> None:
        self._rows = self._orders = 0
        self._of_orders = 0.0  # squared deviations over orders
        self._shares: dict[str, float] = {}
        self._squares: dict[str, float] = {}

    def add(self, shares: Mapping[str, float], spread: Mapping[str, float | None]) -> None:
        """One more item."""
        self._rows += 1
        for label, share in shares.items():
            self._shares[label] = self._shares.get(label, 0.0) + share
            self._squares[label] = self._squares.get(label, 0.0) + share * share
        known = [one for one in spread.values() if one is not None]
        if known:
            self._orders += 1
            self._of_orders += sum(one * one for one in known) / len(known)

    def notes(self) -> list[str]:
        """Whether the model answers by position, or says about the same of every item; nothing of few items."""
        if self._rows < FEWEST:
            return []
        varies = [
            max(self._squares[label] / self._rows - (self._shares[label] / self._rows) ** 2, 0.0)
            for label in self._shares
        ]
        items = math.sqrt(sum(varies) / len(varies))
        orders = math.sqrt(self._of_orders / self._orders) if self._orders else 0.0
        if orders > items:
            return [
                f"the order of the question's parts moves the shares by {orders:.3f}, the item by {items:.3f} "
                "(standard deviations): the model answers by position, not by content, and these distributions say "
                "little of the items"
            ]
        if items < SAME:
            return [f"the model says about the same of every item: its shares vary by {items:.3f} (standard deviation)"]
        return []


def model_notes(models: Iterable[LanguageModel]) -> list[str]:
    """What to know of the models' answers, each with the model's name."""
    return list(dict.fromkeys(f"{model.name}: {note}" for model in models for note in model.capabilities.notes))
