"""What becomes of a stage while it works: progress as it goes, and what it could not do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from labeldist.core.item import Item
from labeldist.datasets.failures import OnError
from labeldist.explanations.dropped import dropped_note, mostly_dropped

CLEAN = "clean"

# Called with the stage, how many more items it has done, and how many there are in all (None: not known).
Progress = Callable[[str, int, int | None], None]


def silent(*_: object) -> None:
    """Progress that nobody is told of."""


@dataclass(frozen=True, slots=True)
class ItemFailure:
    """An item that a stage could not finish, and why."""

    id: str
    stage: str
    reason: str

    def as_row(self) -> dict[str, Any]:
        """The row for ``failures.jsonl``."""
        return asdict(self)


@dataclass(slots=True)
class StageReport:
    """Filled in by the stages that it is given to, one or several; their caller reads it when they are through.

    ``progress`` is told at once, by stage name, of so many ``items``. ``on_error``: what becomes of an item whose
    explanations cannot be chosen. ``failures``: items that could not be finished. ``dropped``: the ids of items with
    an answer that gave few explanations for its length (the values tell nothing), in the order of reading.
    """

    progress: Progress = silent
    on_error: OnError = "stop"
    items: int | None = None
    failures: list[ItemFailure] = field(default_factory=list)
    dropped: dict[str, None] = field(default_factory=dict)

    def look_at(self, item: Item, source: str, profile: str | None) -> None:
        """Remember the item if most of one of its answers is dropped."""
        if item.id not in self.dropped and mostly_dropped(item, source, profile or CLEAN):
            self.dropped[item.id] = None

    def notes(self, profile: str | None) -> list[str]:
        """What to say of these items."""
        return dropped_note(list(self.dropped), profile or CLEAN)

    def rows(self) -> tuple[dict[str, Any], ...]:
        """The rows for ``failures.jsonl``."""
        return tuple(failure.as_row() for failure in self.failures)
