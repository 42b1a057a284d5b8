"""Trees of sequences that begin alike, against what the sequences say one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeldist.models.embedded import prefixes
from labeldist.models.embedded.model import EmbeddedModel, load

LEAST = prefixes.LEAST_COMMON
TOKENS = st.integers(1000, 1003)


@st.composite
def families(draw: st.DrawFn) -> list[list[int]]:
    """Sequences that share beginnings of many lengths, some of them whole other sequences or twice the same."""
    made = [draw(st.lists(TOKENS, min_size=1, max_size=2 * LEAST))]
    for _ in range(draw(st.integers(0, 7))):
        parent = draw(st.sampled_from(made))
        kept = draw(st.integers(0, len(parent)))
        made.append([*parent[:kept], *draw(st.lists(TOKENS, min_size=0 if kept else 1, max_size=LEAST))])
    return made


@given(families(), st.integers(8, 120))
def test_a_tree_spells_its_sequences_and_hides_all_but_ancestors(sequences: list[list[int]], most: int) -> None:
    found = list(prefixes.trees(sequences, most))
    assert sorted(member for tree in found for member in tree.members) == list(range(len(sequences)))
    for tree in found:
        assert len(tree.ids) <= max(most, len(sequences[tree.members[0]]))
        assert tree.depths == [path.index(node) for node in range(len(tree.ids)) for path in [_one(tree, node)]]
        seen = {node: set(path[: path.index(node) + 1]) for path in tree.paths for node in path}
        mask = tree.mask()
        assert set(np.unique(mask)) <= {np.float32(0), prefixes.HIDDEN}
        assert {node: set(np.flatnonzero(row == 0)) for node, row in enumerate(mask)} == seen
        for member, path in zip(tree.members, tree.paths, strict=True):
            assert [tree.ids[node] for node in path] == sequences[member]


def _one(tree: prefixes.Tree, node: int) -> list[int]:
    return next(path for path in tree.paths if node in path)


@given(families())
def test_the_common_opening_leaves_a_token_of_each(sequences: list[list[int]]) -> None:
    common = prefixes.common_opening(sequences)
    assert common == 0 or LEAST <= common < min(map(len, sequences))
    assert len({tuple(sequence[:common]) for sequence in sequences}) == 1


def test_sequences_that_share_much_take_one_tree_and_few_nodes() -> None:
    opening = list(range(1000, 1100))
    (tree,) = prefixes.trees([[*opening, last] for last in (1, 2, 3, 1)], most=200)
    # Twice the same sequence takes no further node.
    assert (len(tree.ids), len(tree.members)) == (103, 4)


def test_sequences_that_share_little_are_trees_of_their_own() -> None:
    little = list(range(1000, 1000 + LEAST - 1))
    assert len(list(prefixes.trees([[*little, 1], [*little, 2]], most=200))) == 2


@pytest.fixture(scope="module")
def embedded() -> EmbeddedModel:
    return load()


@pytest.fixture(scope="module")
def small() -> EmbeddedModel:
    """The same model with batches that cut the families into several trees and passes."""
    return load(batch_tokens=48)


@settings(max_examples=20, deadline=None)
@given(families())
def test_scores_are_those_of_each_sequence_alone(
    embedded: EmbeddedModel, small: EmbeddedModel, sequences: list[list[int]]
) -> None:
    tokens = [[2000 + at, 2500] for at in range(len(sequences))]
    alone = [embedded.next_token_scores([one], [wanted]) for one, wanted in zip(sequences, tokens, strict=True)]
    for model in (embedded, small):
        together = model.next_token_scores(sequences, tokens)
        np.testing.assert_allclose(together.logits, [one.logits[0] for one in alone], atol=1e-4)
        np.testing.assert_allclose(together.log_total, [one.log_total[0] for one in alone], atol=1e-4)
