"""How alike the texts of a group are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from labeldist.core.errors import MissingExtraError
from labeldist.evaluation.metric import Array
from labeldist.evaluation.variability.groups import Known, group_similarities, usable
from labeldist.evaluation.variability.measures.cosine import cosine
from labeldist.evaluation.variability.measures.euclidean import euclidean
from labeldist.evaluation.variability.similarity import SIMILARITIES, Similarity, Tools, all_similarities


def lengths(represent: Any) -> Similarity:
    """A measure that is minus the difference in length, undefined for two empty texts."""

    def compare(values: Sequence[int]) -> Array:
        row = np.array(values, dtype=np.float64)
        found = -np.abs(row[:, None] - row[None, :])
        found[(row[:, None] == 0) & (row[None, :] == 0)] = np.nan
        return found

    return Similarity("length", "length", "lexical", represent, compare)


def test_the_mean_is_over_the_pairs_that_are_defined() -> None:
    seen: list[str] = []

    def represent(texts: Sequence[str], tools: Tools) -> list[int]:
        seen.extend(texts)
        return [len(text) for text in texts]

    groups = {"three": ["a", "aaa", "aaaa"], "twins": ["bb", "bb"], "one": ["a"], "none": [], "empty": ["", "", "a"]}
    known: Known = {}
    found = group_similarities(groups, [lengths(represent)], Tools(), known)["length"]
    assert found["three"] == pytest.approx(-(2 + 3 + 1) / 3)
    assert found["twins"] == 0
    assert math.isnan(found["one"])
    assert math.isnan(found["none"])
    assert found["empty"] == pytest.approx(-1)  # the pair of empty ones does not count
    assert sorted(seen) == ["", "a", "aaa", "aaaa", "bb"], "each text once"
    group_similarities({"again": ["a", "cc"]}, [lengths(represent)], Tools(), known)
    assert seen[-1] == "cc"
    assert len(seen) == 6


def test_what_lacks_a_library_is_left_out_with_its_reason() -> None:
    def lacking(texts: Sequence[str], tools: Tools) -> list[int]:
        raise MissingExtraError("looking", "telescope")

    words = SIMILARITIES.get("word-1")
    kept, reasons = usable([lengths(lacking), words, lengths(lacking)], Tools())
    assert kept == [words]
    assert len(reasons) == 1
    assert "telescope" in reasons[0]


def test_measures_stand_in_the_order_of_tables() -> None:
    names = [measure.name for measure in all_similarities()]
    assert names == ["word-1", "word-2", "word-3", "tag-1", "tag-2", "tag-3", "cosine", "euclidean"]
    assert {measure.kind for measure in all_similarities()} == {"lexical", "syntactic", "semantic"}


def test_semantic_measures_against_plain_arithmetic() -> None:
    chance = np.random.default_rng(4)
    vectors = chance.normal(size=(6, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    near, far = cosine(list(vectors)), euclidean(list(vectors))
    for i, one in enumerate(vectors.tolist()):
        for j, other in enumerate(vectors.tolist()):
            product = sum(a * b for a, b in zip(one, other, strict=True))
            distance = math.sqrt(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)))
            assert near[i, j] == pytest.approx(product)
            assert far[i, j] == pytest.approx(1 / (1 + distance), abs=1e-9)
            # On vectors of length 1 the one follows from the other.
            assert far[i, j] == pytest.approx(1 / (1 + math.sqrt(max(0, 2 - 2 * near[i, j]))), abs=1e-6)
