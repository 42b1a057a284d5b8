"""The prompt tree against what it stands for: every sequence sees its own tokens and no others, at their places."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labeldist.models.prompt_tree import grow, passes

SEQUENCES = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=12), min_size=1, max_size=20)


def seen_by_ends(sequences: list[list[int]], most: int, rows: int) -> dict[int, list[int]]:
    """For each sequence the tokens that its last node sees, in the order of their positions, through the cache."""
    found: dict[int, list[int]] = {}
    cache: list[list[tuple[int, int]]] = []
    for one in passes(sequences, most, rows):
        count, size = one.ids.shape
        cache = cache or [[] for _ in range(count)]
        assert size <= most
        assert one.mask.shape == (count, size, len(cache[0]) + size)
        columns = [
            [*past, *zip(positions, ids, strict=True)]
            for past, positions, ids in zip(cache, one.positions.tolist(), one.ids.tolist(), strict=True)
        ]
        for end, member in zip(one.ends.tolist(), one.members.tolist(), strict=True):
            row, node = divmod(end, size)
            seen = [columns[row][at] for at in np.flatnonzero(one.mask[row, node])]
            assert [position for position, _ in seen] == list(range(len(seen)))
            assert member not in found
            found[member] = [token for _, token in seen]
        cache = [[row[at] for at in keep] for row, keep in zip(columns, one.keep.tolist(), strict=True)]
    return found


@given(SEQUENCES, st.integers(1, 9), st.integers(1, 4))
def test_each_sequence_sees_itself(sequences: list[list[int]], most: int, rows: int) -> None:
    assert seen_by_ends(sequences, most, rows) == dict(enumerate(sequences))


@given(SEQUENCES, st.integers(1, 9))
def test_each_prefix_is_computed_once(sequences: list[list[int]], most: int) -> None:
    prefixes = {tuple(sequence[: length + 1]) for sequence in sequences for length in range(len(sequence))}
    assert len(grow(sequences).ids) == len(prefixes)
    assert sum(one.ids.size for one in passes(sequences, most)) - len(prefixes) < len(list(passes(sequences, most)))


def test_the_cache_is_a_path() -> None:
    """Between passes nothing but one prompt's beginning is kept."""
    parts = {part: [10 * part + place for place in range(7)] for part in range(4)}
    sequences = [
        [99, *(token for part in order for token in parts[part]), *options]
        for order in permutations(parts)
        for options in product([1, 2], [3, 4])
    ]
    longest = max(map(len, sequences))
    assert all(one.keep.shape[1] < longest for one in passes(sequences, 16))
    assert seen_by_ends(sequences, 16, 3) == dict(enumerate(sequences))


def test_nothing_to_do() -> None:
    assert list(passes([], 8)) == []
