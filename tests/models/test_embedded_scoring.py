"""Scores through the prompt tree are those of one plain pass per sequence, whatever else is in the call."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from labeldist.models.embedded import scoring
from labeldist.models.embedded.batches import LEAST_COMMON, causal_mask, common_opening, even_batches
from labeldist.models.embedded.model import EmbeddedModel, load
from labeldist.models.prompt_tree import grow

TOKENS = st.integers(1000, 1003)
LISTS = st.lists(st.lists(TOKENS, min_size=1, max_size=30), max_size=20)


@st.composite
def families(draw: st.DrawFn) -> list[list[int]]:
    """Sequences that share beginnings of many lengths, some of them whole other sequences or twice the same."""
    made = [draw(st.lists(TOKENS, min_size=1, max_size=2 * LEAST_COMMON))]
    for _ in range(draw(st.integers(0, 7))):
        parent = draw(st.sampled_from(made))
        kept = draw(st.integers(0, len(parent)))
        made.append([*parent[:kept], *draw(st.lists(TOKENS, min_size=0 if kept else 1, max_size=LEAST_COMMON))])
    return made


@pytest.fixture(scope="module")
def embedded() -> EmbeddedModel:
    return load()


@pytest.fixture(scope="module")
def small() -> EmbeddedModel:
    """The same model with passes that cut the trees into many."""
    return load(batch_tokens=17)


def alone(model: EmbeddedModel, sequence: list[int]) -> NDArray[np.float32]:
    """The logits of all tokens behind a sequence: one pass of it as a whole."""
    length = len(sequence)
    ids, positions = np.array([sequence]), np.arange(length)[None]
    cache, last = model.session.empty_cache(), np.array([[length - 1]])
    return model.session.forward(ids, positions, causal_mask(length), cache, last).logits[0]


@settings(max_examples=20, deadline=None)
@given(sequences=families(), ends_at_once=st.sampled_from([1, 3, 64]))
def test_scores_are_those_of_each_sequence_alone(
    embedded: EmbeddedModel, small: EmbeddedModel, sequences: list[list[int]], ends_at_once: int
) -> None:
    tokens = [[2000 + at, 2500] for at in range(len(sequences))]
    expected = [alone(embedded, sequence) for sequence in sequences]
    totals = [np.logaddexp.reduce(logits.astype(np.float64)) for logits in expected]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "ENDS_AT_ONCE", ends_at_once)
        for model in (embedded, small):
            found = model.next_token_scores(sequences, tokens)
            wanted = [logits[ids] for logits, ids in zip(expected, tokens, strict=True)]
            np.testing.assert_allclose(found.logits, wanted, atol=1e-4)
            np.testing.assert_allclose(found.log_total, totals, atol=1e-4)


def test_no_sequences_have_no_scores(embedded: EmbeddedModel) -> None:
    found = embedded.next_token_scores([], [])
    assert found.logits.shape == (0, 0)
    assert found.log_total.shape == (0,)


@given(LISTS, st.integers(1, 4))
def test_parts_have_each_sequence_once(sequences: list[list[int]], count: int) -> None:
    found = scoring.parts(sequences, count)
    assert len(found) <= count
    assert all(map(len, found))
    assert sorted(member for part in found for member in part) == list(range(len(sequences)))


@given(LISTS.filter(bool))
def test_the_longer_of_two_parts_could_not_be_shorter(sequences: list[list[int]]) -> None:
    def longest(parts: list[list[list[int]]]) -> int:
        return max(len(grow(part).ids) for part in parts if part)

    ordered = sorted(sequences)
    best = min(longest([ordered[:cut], ordered[cut:]]) for cut in range(len(ordered)))
    assert longest([[sequences[member] for member in part] for part in scoring.parts(sequences, 2)]) == best


@given(families())
def test_the_common_opening_leaves_a_token_of_each(sequences: list[list[int]]) -> None:
    common = common_opening(sequences)
    assert common == 0 or LEAST_COMMON <= common < min(map(len, sequences))
    assert len({tuple(sequence[:common]) for sequence in sequences}) == 1


@given(LISTS, st.integers(1, 100), st.integers(0, 9), st.integers(1, 3))
def test_batches_are_even_and_within_the_budget(sequences: list[list[int]], budget: int, room: int, lanes: int) -> None:
    batches = even_batches(sequences, budget, room, lanes)
    assert sorted(at for batch in batches for at in batch) == list(range(len(sequences)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * (max(len(sequences[at]) for at in batch) + room) <= budget
    sizes = [len(batch) for batch in batches]
    assert not sizes or max(sizes) - min(sizes) <= 1
    assert len(batches) % lanes == 0 or len(batches) == len(sequences)
