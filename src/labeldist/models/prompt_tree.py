"""The prompt tree: prompts that begin alike, computed so that every shared beginning goes through the network once.

All orders of an item's explanations and options form a trie with about a seventh of the tokens of the prompts
themselves. It is laid out in *preorder*, every node before its children, and cut into passes of some hundred nodes at
any place at all: whatever a pass's nodes need from before the cut lies on the path to its first node, since later
nodes of the pass branch off from that path. So the key-value cache between passes is one path, as short as a prompt,
and the mask needs one number per node: where its subtree ends. In preorder, node i is node j or an ancestor of it
exactly if ``i <= j < stop[i]``.

This file only plans: which tokens are computed together, at which positions, who sees whom, what stays in the cache.
A backend carries a plan out with its own arrays, so logits are those of one prompt at a time up to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tree:
    """The trie of n sequences in preorder, N nodes.

    ``ids`` (N,): the tokens. ``depths`` (N,): how many tokens are before each. ``stops`` (N,): one past the last node
    of each node's subtree. ``ends`` (n,): the node at which each sequence ends, in the order of ``members`` (n,), the
    sequences' indices as they were given.
    """

    ids: Ints
    depths: Ints
    stops: Ints
    ends: Ints
    members: Ints


@dataclass(frozen=True, slots=True)
class Pass:
    """One forward pass: n nodes in each of r rows, behind a cache of p positions a row.

    ``ids``, ``positions`` (r, n). ``mask`` (r, n, p + n): whether a node sees a position, cached ones first; every
    node sees itself, padding too. ``ends`` (e,): where sequences end, as indices into the r * n nodes, and
    ``members`` (e,): which sequences. ``keep`` (r, q): which of the p + n positions of a row the next pass needs as
    its cache, in this order (padded with 0, which the next mask hides); no column at the last pass.
    """

    ids: Ints
    positions: Ints
    mask: Bools
    ends: Ints
    members: Ints
    keep: Ints


def common_length(one: Sequence[int], other: Sequence[int]) -> int:
    """How many first tokens two sequences share.

    >>> common_length([1, 2, 3], [1, 2, 4, 5])
    2
    """
    least = min(len(one), len(other))
    differ = np.flatnonzero(np.not_equal(one[:least], other[:least]))
    return int(differ[0]) if len(differ) else least


def grow(sequences: Sequence[Sequence[int]]) -> Tree:
    """The trie of the sequences, none of them empty.

    >>> tree = grow([[7, 1, 3], [7, 2], [7, 1, 3]])
    >>> tree.ids.tolist(), tree.stops.tolist(), tree.ends.tolist(), tree.members.tolist()
    ([7, 1, 3, 2], [4, 3, 3, 4], [2, 2, 3], [0, 2, 1])
    """
    members = sorted(range(len(sequences)), key=lambda at: tuple(sequences[at]))
    most = sum(map(len, sequences))
    ids, depths, stops = (np.empty(most, dtype=np.int64) for _ in range(3))
    path = np.empty(max(map(len, sequences), default=0), dtype=np.int64)
    ends = np.empty(len(members), dtype=np.int64)
    count, last = 0, np.empty(0, dtype=np.int64)
    for rank, member in enumerate(members):
        sequence = np.asarray(sequences[member], dtype=np.int64)
        common = common_length(last, sequence)  # type: ignore[arg-type]
        stops[path[common : len(last)]] = count
        new = len(sequence) - common
        ids[count : count + new] = sequence[common:]
        depths[count : count + new] = np.arange(common, len(sequence))
        path[common : len(sequence)] = np.arange(count, count + new)
        count, last = count + new, sequence
        ends[rank] = path[len(sequence) - 1]
    stops[path[: len(last)]] = count
    return Tree(ids[:count], depths[:count], stops[:count], ends, np.array(members, dtype=np.int64))


def passes(sequences: Sequence[Sequence[int]], most: int, rows: int = 1) -> Iterator[Pass]:
    """The forward passes, to be done in this order, that compute every sequence's last position.

    ``most``: nodes of a row in one pass. ``rows`` parts of the sequences go side by side, for a device that one part
    does not fill.

    >>> [one] = passes([[7, 1], [7, 2]], most=8)
    >>> one.ids.tolist(), one.ends.tolist(), one.members.tolist(), one.mask.astype(int).tolist()
    ([[7, 1, 2]], [1, 2], [0, 1], [[[1, 0, 0], [1, 1, 0], [1, 0, 1]]])
    """
    if not sequences:
        return
    trees = _side_by_side(sequences, rows)
    longest = max(len(tree.ids) for tree in trees)
    steps = -(-longest // most)
    size = -(-longest // steps)  # passes of one size, instead of a small one at the end
    paths = [np.empty(0, dtype=np.int64)] * len(trees)
    for step in range(steps):
        made = [_part(tree, path, step * size, size) for tree, path in zip(trees, paths, strict=True)]
        paths = [path for _, path in made]
        yield _stacked([part for part, _ in made])


@dataclass(frozen=True, slots=True)
class _Part:
    """A row of a pass before padding: mask in its cached and its new columns, ends among its own nodes."""

    ids: Ints
    positions: Ints
    cached: Bools
    fresh: Bools
    ends: Ints
    members: Ints
    keep_cached: Ints
    keep_fresh: Ints


def _part(tree: Tree, path: Ints, start: int, size: int) -> tuple[_Part, Ints]:
    """The nodes from ``start``, ``path`` being those in the cache; and the path to the node after them."""
    nodes = np.arange(min(start, len(tree.ids)), min(start + size, len(tree.ids)))
    stop = start + len(nodes)
    stops = tree.stops[nodes]
    first, last = np.searchsorted(tree.ends, [start, stop])
    keep_cached = np.flatnonzero(tree.stops[path] > stop)
    keep_fresh = np.flatnonzero(stops > stop)
    part = _Part(
        tree.ids[nodes],
        tree.depths[nodes],
        nodes[:, None] < tree.stops[path],
        (nodes[:, None] >= nodes) & (nodes[:, None] < stops),
        tree.ends[first:last] - start,
        tree.members[first:last],
        keep_cached,
        keep_fresh,
    )
    return part, np.concatenate([path[keep_cached], nodes[keep_fresh]])


def _stacked(parts: Sequence[_Part]) -> Pass:
    """The rows of one pass, padded to one size."""
    count = max(len(part.ids) for part in parts)
    past = max(part.cached.shape[1] for part in parts)
    kept = max(len(part.keep_cached) + len(part.keep_fresh) for part in parts)
    ids, positions = (np.zeros((len(parts), count), dtype=np.int64) for _ in range(2))
    mask = np.zeros((len(parts), count, past + count), dtype=np.bool_)
    mask[:, np.arange(count), past + np.arange(count)] = True
    keep = np.zeros((len(parts), kept), dtype=np.int64)
    for row, part in enumerate(parts):
        own = len(part.ids)
        ids[row, :own], positions[row, :own] = part.ids, part.positions
        mask[row, :own, : part.cached.shape[1]] = part.cached
        mask[row, :own, past : past + own] = part.fresh
        stay = np.concatenate([part.keep_cached, past + part.keep_fresh])
        keep[row, : len(stay)] = stay
    return Pass(
        ids,
        positions,
        mask,
        np.concatenate([row * count + part.ends for row, part in enumerate(parts)]),
        np.concatenate([part.members for part in parts]),
        keep,
    )


def _side_by_side(sequences: Sequence[Sequence[int]], rows: int) -> list[Tree]:
    """One tree, or the sequences' trees in up to ``rows`` parts of about the same number of nodes.

    Parts are cut from the sorted sequences, so each has what begins alike.
    """
    whole = grow(sequences)
    if rows == 1:
        return [whole]
    # A sequence belongs to the part in which its share of the nodes ends.
    part = (whole.ends * rows) // len(whole.ids)
    trees = []
    for row in np.unique(part):
        members = whole.members[part == row]
        tree = grow([sequences[member] for member in members])
        trees.append(Tree(tree.ids, tree.depths, tree.stops, tree.ends, members[tree.members]))
    return trees
