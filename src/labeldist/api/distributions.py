"""What a model says of items: a distribution for each of them, that shows itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from labeldist.core.frames import frame_of
from labeldist.datasets.layout import DISTRIBUTIONS, in_columns
from labeldist.pictures.table import ROWS, html_table

if TYPE_CHECKING:
    from labeldist.evaluation.metric import Array


@dataclass(frozen=True)
class Distributions:
    """A distribution for each item.

    ``rows``: all that is known of each, by the contract of distributions (id, distribution, saw_labels, ...).
    ``failures``: what could not be done, item by item, as in ``failures.jsonl``. ``notes``: what else to know.
    ``calls_made``, ``calls_reused``: model calls, and those whose answers were kept.
    """

    name: str
    labels: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]] = field(repr=False)
    failures: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    calls_made: int = 0
    calls_reused: int = 0
    kind: str | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the items."""
        return tuple(row["id"] for row in self.rows)

    @cached_property
    def mean(self) -> Array:
        """The distributions (N, K)."""
        return self._shares(self.rows)

    def to_frame(self, kind: str | None = None) -> Any:
        """A data frame with a row per item and all that is known of it; lists and mappings are JSON.

        Of ``kind`` (pandas, polars, pyarrow), else of the library that the items came from, else of one that is
        installed. Raises :class:`~labeldist.core.errors.UsageError` where none is.
        """
        flat = [in_columns(row, DISTRIBUTIONS) for row in self.rows]
        names = dict.fromkeys(name for row in flat for name in row)
        columns = {name: [_cell(row.get(name)) for row in flat] for name in names or {"id": None}}
        return frame_of(columns, kind or self.kind)

    def __repr__(self) -> str:
        failed = f", {len(self.failures):,} failed" if self.failures else ""
        calls = f", {self.calls_made:,} model calls" if self.calls_made else ""
        return f"Distributions({self.name}: {len(self.rows):,} items, labels {', '.join(self.labels)}{calls}{failed})"

    def _repr_html_(self) -> str:
        first = self.rows[:ROWS]
        rows = [(row["id"], *shares) for row, shares in zip(first, self._shares(first).tolist(), strict=True)]
        told = "; ".join((repr(self), *self.notes))
        return html_table(["id", *self.labels], rows, told, more=len(self.rows) - ROWS, above=self._pictures())

    def _shares(self, rows: Sequence[Mapping[str, Any]]) -> Array:
        import numpy as np

        shares = [[row["distribution"].get(label, 0.0) for label in self.labels] for row in rows]
        return np.array(shares, dtype=np.float64).reshape(len(shares), len(self.labels))

    def _pictures(self) -> str:
        from labeldist.pictures.bars import FIRST, stacked_bars
        from labeldist.pictures.beside import side_by_side
        from labeldist.pictures.items import MOST, items_picture

        some = self.rows[:: max(len(self.rows) // MOST, 1)]
        items = items_picture(self.labels, self._shares(some), title=self.name, of=len(self.rows))
        if not items:
            return ""
        first = self.rows[:FIRST]
        names = [row["id"] for row in first]
        bars = stacked_bars(self.labels, names, self._shares(first), title="the first items")
        return side_by_side(items, bars)


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping | list | tuple) else value
