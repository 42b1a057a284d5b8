"""Which items a report shows one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labeldist.core.errors import UsageError
from labeldist.core.ranked import DISPUTED, ranked_spec
from labeldist.core.registry import did_you_mean
from labeldist.evaluation.description import OfItems
from labeldist.reports.view import Sampled

SHOWN = 1_000
ALL = "all"
Wanted = int | Sequence[str]  # so many drawn at random; ids, disputed:N, agreed:N, all


def check_wanted(wanted: Wanted) -> None:
    """Refuse what names no items, before anything is read."""
    if isinstance(wanted, int):
        if wanted < 1:
            raise UsageError(f"{wanted} items to show", hint="show at least 1, or all")
        return
    if not wanted:
        raise UsageError("no items to show", hint="show at least 1, or all")
    for name in wanted:
        ranked_spec(name)


def shown_rows(of_items: OfItems, wanted: Wanted, seed: int = 0) -> list[int]:
    """The places of the items to show, in order: drawn at random as they stand in the source, others as they rank.

    Raises :class:`UsageError` for an id that no item has.

    >>> items = OfItems(("a", "b", "c"), np.array([[2.0, 0], [1, 1], [3, 0]]), np.array([0.2, 0.4, 0.1]))
    >>> shown_rows(items, ["disputed:1", "a"]), shown_rows(items, 5)
    ([1, 0], [0, 1, 2])
    """
    count = len(of_items.ids)
    if isinstance(wanted, int):
        drawn = np.random.default_rng(seed).choice(count, min(wanted, count), replace=False)
        return sorted(drawn.tolist())
    if ALL in wanted:
        return [*range(count)]
    places = {id_: at for at, id_ in enumerate(of_items.ids)}
    found: dict[int, None] = {}
    for name in wanted:
        ranking = ranked_spec(name)
        if ranking is not None:
            found |= dict.fromkeys(_ranked(of_items, *ranking))
        elif name in places:
            found[places[name]] = None
        else:
            raise _unknown(name, of_items.ids)
    return [*found]


def _unknown(name: str, ids: Sequence[str]) -> UsageError:
    """The error for an id that no item has; there may be a million others."""
    error = did_you_mean("item", name, ids)
    error.hint = error.hint.partition("Known:")[0].rstrip()
    return error


def _ranked(of_items: OfItems, how: str, most: int) -> list[int]:
    """The most disputed, or the most agreed, of the items with two labels or more."""
    told = np.flatnonzero(of_items.counts.sum(axis=1) >= 2)
    rounded = of_items.disagreement[told].round(12)
    order = np.argsort(-rounded if how == DISPUTED else rounded, kind="stable")
    return [int(at) for at in told[order][:most]]


def sampled(rows: Sequence[int], of: int, wanted: Wanted, seed: int) -> Sampled:
    """Which items are shown, in words where these are not all.

    >>> sampled([0], 5, 1, 0)["in_words"]
    'Shown one by one: 1 of 5 items, drawn at random (seed 0). All other numbers are of all items.'
    """
    if len(rows) == of:
        return {"items": of, "of": of, "in_words": ""}
    how = f"drawn at random (seed {seed})" if isinstance(wanted, int) else f"chosen by: {', '.join(wanted)[:200]}"
    noun = "item" if of == 1 else "items"
    words = f"Shown one by one: {len(rows):,} of {of:,} {noun}, {how}. All other numbers are of all items."
    return {"items": len(rows), "of": of, "in_words": words}
