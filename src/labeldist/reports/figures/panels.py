"""Sets of distributions as arrays, for figures that show several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.reports.view import Kind, View, ViewItem

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Panel:
    """A set: the distributions (N, K) of the items ``ids``, and the ends of their intervals where those are known."""

    name: str
    kind: Kind
    ids: tuple[str, ...]
    shares: Array
    low: Array | None = None
    high: Array | None = None

    def undecided(self) -> Flags | None:
        """Whether the intervals of an item's two most likely labels overlap (N,); None without intervals."""
        if self.low is None or self.high is None or self.shares.shape[1] < 2:
            return None
        order = np.argsort(-self.shares, axis=1, kind="stable")[:, :2]
        rows = np.arange(len(order))
        return np.asarray(self.low[rows, order[:, 0]] < self.high[rows, order[:, 1]])

    def of(self, ids: Sequence[str]) -> dict[str, int]:
        """Where those of ``ids`` that the set has are in it."""
        wanted = set(ids)
        return {id_: at for at, id_ in enumerate(self.ids) if id_ in wanted}


def panels_of(view: View) -> list[Panel]:
    """The view's sets, in their order; those without any item are left out."""
    found = [_panel(view, known["key"], known["name"], known["kind"]) for known in view["sets"]]
    return [panel for panel in found if panel.ids]


def _panel(view: View, key: str, name: str, kind: Kind) -> Panel:
    items = [item for item in view["items"] if key in item["distributions"]]
    width = len(view["labels"])
    shares = np.array([item["distributions"][key] for item in items], dtype=np.float64).reshape(len(items), width)
    ends = _ends(items, key, width)
    ids = tuple(item["id"] for item in items)
    return (
        Panel(name, kind, ids, shares) if ends is None else Panel(name, kind, ids, shares, ends[..., 0], ends[..., 1])
    )


def _ends(items: Sequence[ViewItem], key: str, width: int) -> Array | None:
    """The ends of intervals (N, K, 2), NaN where an item has none; None where no item has any."""
    if not any(key in item["intervals"] for item in items):
        return None
    none = [(np.nan, np.nan)] * width
    return np.array([item["intervals"].get(key, none) for item in items], dtype=np.float64)
