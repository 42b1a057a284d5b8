"""Which items stay together."""

from __future__ import annotations

import numpy as np
import pytest

from labeldist.estimation.texts.folds import FOLDS, FREQUENT, folds, groups


def test_items_are_linked_across_fields_and_by_others() -> None:
    premises = ["a", " A ", "b", "c", "d", "e", "f", "g"]
    hypotheses = ["x", "y", "y", "z", "", "", "u", "v"]
    found = groups([premises, hypotheses], ["premise", "hypothesis"])
    assert found is not None
    # 0 and 1 by the premise but for case and spaces, 1 and 2 by the hypothesis; empty texts link nothing.
    assert found.of[0] == found.of[1] == found.of[2]
    assert len(set(found.of.tolist())) == 6
    assert not found.by


def test_a_text_that_very_many_share_is_no_link() -> None:
    texts = [f"text {at}" for at in range(100)]
    found = groups([texts, ["Is this rude?"] * 100], ["text", "question"])
    assert found is not None
    assert len(set(found.of.tolist())) == 100
    twins = ["same"] * FREQUENT + texts[FREQUENT:]
    found = groups([twins], ["text"])
    assert found is not None
    assert len(set(found.of[:FREQUENT].tolist())) == 1


def test_where_all_are_linked_the_most_shared_field_alone_makes_the_groups() -> None:
    premises = [f"premise {at // 10}" for at in range(200)]
    hypotheses = [f"hypothesis {at % 25}" for at in range(200)]
    found = groups([hypotheses, premises], ["hypothesis", "premise"])
    assert found is not None
    assert found.by == "premise"
    assert len(set(found.of.tolist())) == 20


def test_nearly_all_linked_by_the_only_field_is_refused() -> None:
    texts = ["a"] * 12 + ["b"] * 3 + ["c", "d", "e", "f"]
    assert groups([texts], ["text"]) is None
    assert groups([["a", "b"]], ["text"]) is None


@pytest.mark.parametrize("seed", [0, 1])
def test_folds_hold_whole_groups_and_are_of_one_size(seed: int) -> None:
    of = np.repeat(np.arange(100), np.random.default_rng(5).integers(1, 8, size=100))
    found = folds(of, seed)
    for group in range(100):
        assert len(set(found[of == group].tolist())) == 1
    sizes = np.bincount(found, minlength=FOLDS)
    assert sizes.max() - sizes.min() <= 1
    assert (folds(of, seed) == found).all()
    assert (folds(of, 2) != found).any()
