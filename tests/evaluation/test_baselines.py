"""Names, numbers and items of the baselines."""

from __future__ import annotations

import numpy as np
import pytest

from labeldist.core.errors import InputError
from labeldist.core.item import Annotation, Item
from labeldist.evaluation.baselines import baselines

WAYS = ["majority", "frequencies", "+ 0.5 per label", "+ 1 per label"]


def item(id_, *annotations):
    """``a/yes`` is the label yes from an annotator of group a, ``yes`` from an unknown one."""
    made = []
    for number, text in enumerate(annotations):
        group, _, label = text.rpartition("/")
        made.append(Annotation(label, f"{group}/{number}" if group else None))
    return Item(id_, {}, tuple(made))


def found(items, labels=("yes", "no")):
    return {candidate.name: candidate for candidate in baselines(items, labels)}


def test_names_without_groups():
    assert list(found([item("1", "yes", "no")])) == ["uniform", *(f"2 labels, {way}" for way in WAYS)]
    assert list(found([item("1", "yes")]))[1] == "1 label, majority"
    assert list(found([item("1", "yes"), item("2", "yes", "no")]))[1] == "labels, majority"
    assert list(found([item("1")])) == ["uniform"]


def test_names_with_groups():
    two = [item("1", "b/yes", "b/no", "a/yes"), item("2", "a/no", "b/yes", "b/yes")]
    titles = list(dict.fromkeys(name.split(",")[0] for name in found(two)))
    assert titles == ["uniform", "2 b labels", "1 a label", "all 3 labels"]
    one = [item("1", "a/yes", "a/no")]
    assert list(found(one))[1] == "2 a labels, majority"
    assert "all 2 labels, majority" not in found(one)
    mixed = [item("1", "a/yes", "no"), item("2", "a/yes")]
    titles = list(dict.fromkeys(name.split(",")[0] for name in found(mixed)))
    assert titles == ["uniform", "1 a label", "all labels"]


def test_of_many_groups_only_all_labels_are_shown():
    ten = [item(str(group), f"batch{group}/yes", f"batch{group}/no") for group in range(10)]
    assert len(found(ten)) == 1 + 4 * 11
    eleven = [*ten, item("10", "batch10/yes", "no")]
    assert list(found(eleven)) == ["uniform", *(f"all 2 labels (11 groups), {way}" for way in WAYS)]


def test_numbers_with_a_tie_and_four_labels():
    rows = found([item("1", "a", "b", "a", "b", "c")], "abcd")
    expected = {
        "uniform": [0.25, 0.25, 0.25, 0.25],
        "5 labels, majority": [0.5, 0.5, 0, 0],
        "5 labels, frequencies": [0.4, 0.4, 0.2, 0],
        "5 labels, + 0.5 per label": [2.5 / 7, 2.5 / 7, 1.5 / 7, 0.5 / 7],
        "5 labels, + 1 per label": [3 / 9, 3 / 9, 2 / 9, 1 / 9],
    }
    assert list(rows) == list(expected)
    for name, row in expected.items():
        np.testing.assert_allclose(rows[name].distributions, [row])


def test_each_baseline_covers_the_items_that_have_its_labels():
    rows = found([item("1"), item("2", "a/yes", "b/no"), item("3", "b/no")])
    assert rows["uniform"].rows.tolist() == [0, 1, 2]
    assert rows["1 a label, frequencies"].rows.tolist() == [1]
    assert rows["1 b label, frequencies"].rows.tolist() == [1, 2]
    assert rows["all labels, frequencies"].distributions.tolist() == [[0.5, 0.5], [0, 1]]


def test_a_label_of_another_task_is_an_error():
    with pytest.raises(InputError, match="found label 'maybe' of item '7', expected one of: yes, no"):
        baselines([item("7", "yes", "maybe")], ["yes", "no"])
