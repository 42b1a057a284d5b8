"""Which items are left out together: those that share a text, so that no model has read what it is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.intp]
FOLDS = 5
# A text that more items share than this is no link but a kind of item, such as a topic or an instruction.
FREQUENT, FREQUENT_SHARE = 20, 0.05
MOST_CONNECTED = 0.5  # of the items, in one group: a model that does without them would have too little to learn from


@dataclass(frozen=True, slots=True)
class Groups:
    """``of`` (N,): each item's group. ``by``: the field whose texts alone make the groups, where all would not do."""

    of: Whole
    by: str = ""


def groups(fields: Sequence[Sequence[str]], names: Sequence[str]) -> Groups | None:
    """Items that share a text of a field, or are linked by others that do; None where nearly all items are.

    Then those that share a text of one field, of which most do.

    >>> premises, hypotheses = ["a", "a", "b", "c", "d", "e", "f"], ["x", "y", "z", "z", "v", "w", "u"]
    >>> found = groups([premises, hypotheses], ["premise", "hypothesis"])
    >>> found.of.tolist()
    [0, 0, 1, 1, 2, 3, 4]
    """
    keys = [_links(texts) for texts in fields]
    whole = _connected(keys)
    if _fits(whole):
        return Groups(whole)
    alone = sorted(range(len(keys)), key=lambda at: len(np.unique(keys[at])))
    found = ((at, _connected([keys[at]])) for at in alone if len(keys) > 1)
    return next((Groups(of, names[at]) for at, of in found if _fits(of)), None)


def folds(groups: Whole, seed: int) -> Whole:
    """The fold (N,) of each item: whole groups, the largest first, each to the fold that has the fewest items."""
    sizes = np.bincount(groups)
    mixed = np.random.default_rng(seed).permutation(len(sizes))
    order = mixed[np.argsort(-sizes[mixed], kind="stable")]
    fold_of, held = np.zeros(len(sizes), dtype=np.intp), [0] * FOLDS
    for group in order.tolist():
        least = held.index(min(held))
        fold_of[group] = least
        held[least] += int(sizes[group])
    return fold_of[groups]


def _fits(groups: Whole) -> bool:
    sizes = np.bincount(groups)
    return len(sizes) >= FOLDS and int(sizes.max()) <= MOST_CONNECTED * len(groups)


def _links(texts: Sequence[str]) -> Whole:
    """A number for each text (N,), the same for the same text but for case and spaces; all others have their own."""
    numbers: dict[str, int] = {}
    plain = (" ".join(text.split()).casefold() for text in texts)
    found = np.array([numbers.setdefault(text, len(numbers)) if text else -1 for text in plain], dtype=np.intp)
    sizes = np.bincount(found[found >= 0], minlength=1)
    frequent = sizes > max(FREQUENT, FREQUENT_SHARE * len(texts))
    alone = (found < 0) | frequent[found]
    found[alone] = len(numbers) + np.arange(int(alone.sum()))
    return found


def _connected(keys: Sequence[Whole]) -> Whole:
    """The connected components (N,) of items and texts."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    items = len(keys[0])
    starts = items + np.cumsum([0, *(int(key.max(initial=-1)) + 1 for key in keys)])
    texts = np.concatenate([key + start for key, start in zip(keys, starts[:-1], strict=True)])
    rows = np.tile(np.arange(items), len(keys))
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, texts)), shape=(starts[-1], starts[-1]))
    found = connected_components(graph, directed=False)[1][:items]
    whole: Whole = np.unique(found, return_inverse=True)[1].astype(np.intp)
    return whole
