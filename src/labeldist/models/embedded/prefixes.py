"""Prompts that begin alike, packed into trees so that every shared beginning goes through the network once.

The orders of one item's explanations and options differ late: a tree of their tokens has about a third of the nodes
that the prompts have tokens. A tree is computed as one sequence whose tokens see their ancestors only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from labeldist.models.embedded.session import HIDDEN, Floats, Ints

# What sequences must have in common to go into one tree: with less, the wider attention costs more than is saved.
LEAST_COMMON = 24


@dataclass
class Tree:
    """Token tree of some sequences, in the order of a walk that visits a node before its children.

    ``ids`` and ``depths`` are those of the nodes, ``paths`` the nodes of each sequence from root to end, ``members``
    the sequences' indices.
    """

    ids: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    paths: list[list[int]] = field(default_factory=list)
    members: list[int] = field(default_factory=list)

    def add(self, member: int, sequence: Sequence[int], common: int) -> None:
        """Append a sequence whose first ``common`` tokens are those of the sequence added last."""
        path = self.paths[-1][:common] if self.paths else []
        self.paths.append([*path, *range(len(self.ids), len(self.ids) + len(sequence) - common)])
        self.ids.extend(sequence[common:])
        self.depths.extend(range(common, len(sequence)))
        self.members.append(member)

    def mask(self) -> Floats:
        """(nodes, nodes): 0 where the column is the row's node or one of its ancestors, else :data:`HIDDEN`."""
        mask = np.full((len(self.ids),) * 2, HIDDEN, dtype=np.float32)
        below = np.triu(np.full((max(map(len, self.paths)),) * 2, HIDDEN, dtype=np.float32), 1)
        first_new = 0
        for path in self.paths:
            new = path[-1] + 1 - first_new
            if new > 0:
                # The new nodes are the end of the path: they see all of it up to themselves.
                mask[first_new : first_new + new, path] = below[len(path) - new : len(path), : len(path)]
                first_new += new
        return mask


def common_length(one: Sequence[int], other: Sequence[int]) -> int:
    """How many first tokens two sequences share.

    >>> common_length([1, 2, 3], [1, 2, 4, 5])
    2
    """
    least = min(len(one), len(other))
    differ = np.flatnonzero(np.not_equal(one[:least], other[:least]))
    return int(differ[0]) if len(differ) else least


def common_opening(sequences: Sequence[Sequence[int]]) -> int:
    """How many first tokens all sequences share, less the last one of the shortest; 0 where it isn't worth a pass.

    >>> common_opening([[*range(100), 1], [*range(100), 2]])
    100
    """
    if len(sequences) < 2:
        return 0
    common = common_length(min(map(tuple, sequences)), max(map(tuple, sequences)))
    common = min(common, min(map(len, sequences)) - 1)
    return common if common >= LEAST_COMMON else 0


def trees(sequences: Sequence[Sequence[int]], most: int) -> Iterator[Tree]:
    """The sequences as trees of at most ``most`` nodes; one that is longer by itself is a tree of its own.

    >>> tree, = trees([[*range(30), 8], [*range(30), 7, 7]], most=64)
    >>> len(tree.ids), tree.members, tree.depths[-3:]
    (33, [1, 0], [30, 31, 30])
    """
    tree, last = Tree(), -1
    for at in sorted(range(len(sequences)), key=lambda at: tuple(sequences[at])):
        common = common_length(sequences[last], sequences[at]) if tree.members else 0
        if tree.members and (common < LEAST_COMMON or len(tree.ids) + len(sequences[at]) - common > most):
            yield tree
            tree, common = Tree(), 0
        tree.add(at, sequences[at], common)
        last = at
    if tree.members:
        yield tree


def arrays(batch: Sequence[Tree], opening: int, pad: int) -> tuple[Ints, Ints, Floats, Ints]:
    """Ids and positions (b, t), mask (b, 1, t, opening + t), and where the sequences end, flattened (members,)."""
    longest = max(len(tree.ids) for tree in batch)
    ids = np.full((len(batch), longest), pad, dtype=np.int64)
    positions = np.zeros((len(batch), longest), dtype=np.int64)
    mask = np.full((len(batch), 1, longest, opening + longest), HIDDEN, dtype=np.float32)
    mask[..., :opening] = 0
    ends = []
    for row, tree in enumerate(batch):
        size = len(tree.ids)
        ids[row, :size], positions[row, :size] = tree.ids, np.add(tree.depths, opening)
        mask[row, 0, :size, opening : opening + size] = tree.mask()
        ends += [row * longest + path[-1] for path in tree.paths]
    return ids, positions, mask, np.array(ends, dtype=np.int64)
