"""What one reading of a source found beside the items."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from labeldist.datasets.failures import Failure
from labeldist.datasets.meant import Columns


@dataclass(slots=True)
class ReadReport:
    """Filled in while the items of one reading pass by, and whole when the last has passed.

    ``failures``: the rows that were skipped. ``columns``: what the items have.
    """

    failures: list[Failure] = field(default_factory=list)
    columns: Columns = field(default_factory=Columns)

    def rows(self) -> tuple[dict[str, Any], ...]:
        """The rows for ``failures.jsonl``."""
        return tuple(failure.as_row() for failure in self.failures)
