"""How a user says that a file of their own, or a data frame, is to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What need not be found out.

    ``format``: one of SHAPES, or that of an annotation tool. ``columns``: which column is what
    (:func:`~labeldist.datasets.column_map.read_columns`). ``missing``: what stands for no label, several with commas
    between. ``aliases``: other spellings of labels, ``OLD=NEW`` each or a mapping.
    """

    format: str | None = None
    columns: str | Mapping[str, str | Sequence[str]] | Sequence[str] | None = None
    missing: str | Sequence[str] | None = None
    aliases: Sequence[str] | Mapping[str, str] | None = None

    def any(self) -> bool:
        """Whether anything was said."""
        return bool(self.format or self.columns or self.missing or self.aliases)
