"""What becomes of a bad row: reading stops, or the row is skipped and its failure recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from labeldist.core.errors import InputError, Place

OnError = Literal["stop", "skip"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that was skipped, and why; ``id`` is None where the row is too broken to tell.

    >>> error = InputError("'maybe'", expected="one of: yes, no", place=Place(line=2, field="labels"))
    >>> for key, value in Failure.of(error, id="q1").as_row().items():
    ...     print(f"{key}: {value}")
    id: q1
    stage: read
    reason: line 2, field 'labels': found 'maybe', expected one of: yes, no
    file: None
    line: 2
    field: labels
    found: 'maybe'
    expected: one of: yes, no
    """

    place: Place
    found: str
    expected: str
    id: str | None
    reason: str

    @classmethod
    def of(cls, error: InputError, id: str | None = None) -> Failure:  # noqa: A002 - the contract's name
        """The failure that ``error`` describes."""
        return cls(error.place, error.found, error.expected, id, error.message)

    def as_row(self) -> dict[str, Any]:
        """The row for ``failures.jsonl``: id, stage and reason as for a failure of any stage, then the details."""
        return {
            "id": self.id,
            "stage": "read",
            "reason": self.reason,
            "file": None if self.place.file is None else str(self.place.file),
            "line": self.place.line,
            "field": self.place.field,
            "found": self.found,
            "expected": self.expected,
        }
