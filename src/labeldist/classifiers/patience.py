"""When a training has gone on for long enough without getting better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def exhausted(history: Sequence[Mapping[str, Any]], column: str, patience: int, *, higher: bool) -> bool:
    """Whether the last ``patience`` rows of ``history`` that have ``column`` are no better than one before them.

    It is asked of the history and not counted along the way, since the history is part of a checkpoint: a training
    that goes on from one then stops where it would have stopped. ``higher``: whether higher is better.

    >>> exhausted([{"f": 0.5}, {"f": 0.7}, {"f": 0.7}, {"step": 4}, {"f": 0.6}], "f", 2, higher=True)
    True
    >>> exhausted([{"f": 0.5}, {"f": 0.7}, {"f": 0.6}], "f", 2, higher=True)
    False
    """
    values = [row[column] if higher else -row[column] for row in history if column in row]
    return len(values) > patience and len(values) - 1 - values.index(max(values)) >= patience
