"""Items as arrays: every number in its place, and what is missing told apart from 0."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Annotation, Evidence, Item
from labeldist.estimation.observations import blocks, observe

LABELS = ("yes", "no", "perhaps")
NAN = float("nan")


def item(name: str, *labels: str, **known: Any) -> Item:
    """``group/1:label`` or ``label`` for each annotator."""
    given = []
    for label in labels:
        annotator, _, chosen = label.rpartition(":")
        given.append(Annotation(chosen, annotator or None))
    return Item(name, {}, tuple(given), **known)


def said(*probabilities: float, saw: bool | None = False, **more: Any) -> Evidence:
    return Evidence(dict(zip(LABELS, probabilities, strict=True)), saw, **more)


def test_counts_of_all_and_of_one_group() -> None:
    items = [item("1", "a/1:yes", "b/1:no", "b/2:no"), item("2"), item("3", "perhaps", "a/1:perhaps")]
    seen = observe(iter(items), LABELS)
    assert seen.ids == ("1", "2", "3")
    assert seen.counts.tolist() == [[1, 2, 0], [0, 0, 0], [0, 0, 2]]
    assert {name: counts.tolist() for name, counts in seen.groups.items()} == {
        "a": [[1, 0, 0], [0, 0, 0], [0, 0, 1]],
        "b": [[0, 2, 0], [0, 0, 0], [0, 0, 0]],
    }
    only = observe(items, LABELS, annotators="b")
    assert only.counts.tolist() == [[0, 2, 0], [0, 0, 0], [0, 0, 0]]
    assert only.groups == {}


@pytest.mark.parametrize(("groups", "kept"), [(1, 0), (2, 2), (4, 4), (5, 0)])
def test_groups_are_kept_where_there_are_a_few(groups: int, kept: int) -> None:
    assert len(observe([item("1", *(f"g{n}/1:yes" for n in range(groups)))], LABELS).groups) == kept


def test_items_without_evidence_are_nan() -> None:
    items = [item("1", evidence={"m": said(0.5, 0.25, 0.25)}), item("2")]
    (found,) = observe(items, LABELS).evidence
    np.testing.assert_array_equal(found.distribution, [[0.5, 0.25, 0.25], [NAN] * 3])
    assert found.present.tolist() == [True, False]
    assert (found.name, found.saw_labels, found.scores, found.leave_one_out) == ("m", False, None, None)


def test_evidence_that_is_given_takes_the_place_of_what_items_carry() -> None:
    items = [item("1", evidence={"m": said(1, 0, 0)}), item("2", evidence={"m": said(1, 0, 0), "n": said(0, 1, 0)})]
    first, second = observe(items, LABELS, {"m": {"2": said(0, 0, 1)}}).evidence
    np.testing.assert_array_equal(first.distribution, [[NAN] * 3, [0, 0, 1]])
    np.testing.assert_array_equal(second.distribution, [[NAN] * 3, [0, 1, 0]])


def test_rows_of_other_items_can_be_left_out() -> None:
    given = {"m": {"1": said(0, 0, 1), "9": said(1, 0, 0)}}
    (found,) = observe([item("1")], LABELS, given, unknown_ids="skip").evidence
    assert found.distribution.tolist() == [[0, 0, 1]]


def test_some_of_the_items() -> None:
    held = {"yes": {"yes": 0.5, "no": 0.5, "perhaps": 0.0}}
    items = [
        item("1", "a/1:yes", "b/1:no", evidence={"m": said(1, 0, 0, saw=True, leave_one_out=held)}),
        item("2", "b/1:perhaps", reference={"yes": 1}),
    ]
    some = observe(items, LABELS).take(np.array([1, 0, 1]))
    assert some.ids == ("2", "1", "2")
    assert some.counts.tolist() == [[0, 0, 1], [1, 1, 0], [0, 0, 1]]
    assert some.groups["a"].tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert some.evidence[0].present.tolist() == [False, True, False]
    assert some.evidence[0].leave_one_out is not None
    assert some.evidence[0].leave_one_out[1, 0].tolist() == [0.5, 0.5, 0]
    assert some.reference is not None
    assert some.reference[[0, 2]].tolist() == [[1, 0, 0]] * 2
    assert np.isnan(some.reference[1]).all()
    assert some.votes is not None
    assert len(some.votes) == 3


@pytest.mark.parametrize(
    ("told", "whole"),
    [
        ((False, False), False),
        ((False, None), None),
        ((True, None), True),
        ((True, False), True),
    ],
)
def test_one_row_that_saw_the_labels_is_enough(told: tuple[bool | None, ...], whole: bool | None) -> None:
    items = [item(str(at), evidence={"m": said(1, 0, 0, saw=saw)}) for at, saw in enumerate(told)]
    assert observe(items, LABELS).evidence[0].saw_labels is whole


def test_scores_are_kept_where_every_row_has_them() -> None:
    scored = Evidence.from_scores({"yes": 0.9, "no": 0.9, "perhaps": 0.0}, saw_labels=False)
    (every,) = observe([item("1", evidence={"m": scored}), item("2")], LABELS).evidence
    np.testing.assert_array_equal(every.scores, [[0.9, 0.9, 0.0], [NAN] * 3])
    some = observe([item("1", evidence={"m": scored}), item("2", evidence={"m": said(1, 0, 0)})], LABELS)
    assert some.evidence[0].scores is None


def test_leave_one_out_covers_only_if_every_label_given_is_there() -> None:
    without = {"yes": {"yes": 0.5, "no": 0.5, "perhaps": 0.0}}
    items = [item("1", "yes", evidence={"m": said(1, 0, 0, saw=True, leave_one_out=without)}), item("2", "no")]
    seen = observe(items, LABELS)
    (found,) = seen.evidence
    assert found.leave_one_out is not None
    assert found.leave_one_out[0, 0].tolist() == [0.5, 0.5, 0.0]
    assert np.isnan(found.leave_one_out[0, 1:]).all()
    assert np.isnan(found.leave_one_out[1]).all()
    assert found.covers(seen.counts)  # the second item has a label, but no evidence
    assert not found.covers(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]))


def test_evidence_in_the_order_in_which_it_was_named() -> None:
    items = [item("1", evidence={"a": said(1, 0, 0), "b": said(0, 1, 0)})]
    assert [one.name for one in observe(items, LABELS).evidence] == ["a", "b"]
    assert [one.name for one in observe(items, LABELS, use=["b", "a", "b"]).evidence] == ["b", "a"]
    assert observe(items, LABELS, use=[]).evidence == ()


def test_votes_behind_references() -> None:
    items = [
        item("1", reference={"yes": 30, "no": 10}),
        item("2", reference={"yes": 0.25, "no": 0.75}),
        item("3", reference={"yes": 1}),
        item("4"),
    ]
    seen = observe(items, LABELS)
    np.testing.assert_array_equal(seen.reference, [[0.75, 0.25, 0], [0.25, 0.75, 0], [1, 0, 0], [NAN] * 3])
    assert seen.votes is not None
    assert seen.votes[:3].tolist() == [40, 4, 4]  # a quarter and three are 4 votes, if any number
    counted = observe([item("1", reference={"yes": 1}), item("2", reference={"yes": 1, "no": 2})], LABELS)
    assert counted.votes is not None
    assert counted.votes.tolist() == [1, 3]
    assert seen.referenced.tolist() == [0, 1, 2]
    assert seen.without_evidence().reference is seen.reference
    assert observe(items[3:], LABELS).reference is None
    assert observe(items[3:], LABELS).referenced.tolist() == []


def test_what_cannot_be_used_is_refused_with_what_to_do() -> None:
    items = [item("1", "yes", evidence={"llm": said(1, 0, 0)})]
    with pytest.raises(InputError, match="no items"):
        observe([], LABELS)
    with pytest.raises(InputError, match="id '1' again"):
        observe([*items, *items], LABELS)
    with pytest.raises(UsageError, match="no group of annotators is named 'crowd'"):
        observe(items, LABELS, annotators="crowd")
    with pytest.raises(InputError, match="label 'maybe' held out"):
        observe([item("1", evidence={"m": said(1, 0, 0, saw=True, leave_one_out={"maybe": {"yes": 1}})})], LABELS)
    with pytest.raises(InputError, match="'maybe' of item '2'"):
        observe([item("2", "maybe")], LABELS)
    with pytest.raises(InputError, match=r"2 .* evidence 'm' .* no item has, such as '8'") as caught:
        observe(items, LABELS, {"m": {"8": said(1, 0, 0), "9": said(1, 0, 0), "1": said(1, 0, 0)}})
    assert "the source that the evidence was made from" in caught.value.hint
    with pytest.raises(UsageError, match="no evidence is named 'lm'") as unknown:
        observe(items, LABELS, use=["lm"])
    assert "did you mean 'llm'?" in unknown.value.hint
    with pytest.raises(UsageError, match="evidence 'm' has no item"):
        observe(items, LABELS, {"m": {}}, use=["m"])


def test_blocks_cover_everything_once() -> None:
    assert [at for part in blocks(10, 4) for at in range(10)[part]] == list(range(10))
    assert list(blocks(0, 4)) == []


def test_evidence_as_a_stream_is_that_of_a_table_in_any_order() -> None:
    """Also such as comes after the items and not in their order, with gaps, scores and leave-one-out forms."""
    items = [item(str(at), "yes", "no") for at in range(200)]
    held = {"yes": {"yes": 0.5, "no": 0.5}, "no": {"no": 1.0}}
    table = {
        str(at): said(0.2, 0.3, 0.5, saw=bool(at % 2), leave_one_out=held if at % 2 else {}) for at in range(0, 200, 3)
    }
    backwards = reversed([*table.items()])
    (expected,), (found,) = (observe(items, LABELS, {"m": given}).evidence for given in (table, backwards))
    assert found.saw_labels is expected.saw_labels is True
    for one, other in ((found.distribution, expected.distribution), (found.leave_one_out, expected.leave_one_out)):
        assert one is not None
        np.testing.assert_array_equal(one, other)
    assert found.present.sum() == len(table)
    carried = observe([replace(one, evidence={"m": table[one.id]} if one.id in table else {}) for one in items], LABELS)
    np.testing.assert_array_equal(carried.evidence[0].leave_one_out, found.leave_one_out)
