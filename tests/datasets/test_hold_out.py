"""Annotators held out as the reference."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Annotation, Item
from labeldist.datasets.hold_out import HoldOut, held_out, read_hold_out
from labeldist.datasets.source import open_source

LABELS = ["yes", "no", "maybe"]


@given(labels=st.lists(st.sampled_from(LABELS), min_size=2, max_size=8), named=st.booleans(), data=st.data())
def test_every_label_is_either_left_or_held_out(labels: list[str], named: bool, data: st.DataObject) -> None:
    annotations = tuple(Annotation(label, f"a{at}" if named else None) for at, label in enumerate(labels))
    count = data.draw(st.integers(1, len(labels) - 1))
    item = Item(data.draw(st.text(max_size=5)), {}, annotations)
    found = held_out(item, HoldOut(count, data.draw(st.integers(0, 3))))
    assert Counter(a.label for a in found.labels) + Counter(found.reference) == Counter(labels)
    assert sum(found.reference.values()) == count  # type: ignore[union-attr]


def test_all_labels_of_an_annotator_go_together() -> None:
    item = Item("1", {}, tuple(Annotation(label, who) for who in "abc" for label in ("yes", "no")))
    for seed in range(5):
        found = held_out(item, HoldOut(1, seed))
        assert found.reference == {"yes": 1, "no": 1}
        assert len({a.annotator for a in found.labels}) == 2


def test_who_is_drawn_depends_on_seed_and_item_only() -> None:
    items = [Item(str(at), {}, tuple(Annotation(label) for label in LABELS)) for at in range(60)]
    drawn = [held_out(item, HoldOut(1)).reference for item in items]
    assert drawn == [held_out(item, HoldOut(1)).reference for item in reversed(items)][::-1]
    assert drawn != [held_out(item, HoldOut(1, 1)).reference for item in items]
    # By chance, so that every label is drawn about as often.
    counts = Counter(label for one in drawn for label in one)  # type: ignore[union-attr]
    assert all(10 <= counts[label] <= 30 for label in LABELS)


def test_what_cannot_be_held_out_is_said(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "premise": "P", "hypothesis": "H", "labels": ["e", "n", "n"]},
        {"id": "2", "premise": "P", "hypothesis": "H", "labels": ["e", "n"]},
        {"id": "3", "premise": "P", "hypothesis": "H", "labels": ["e", "n", "c"], "reference": {"e": 1}},
    ]
    file = tmp_path / "items.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(InputError, match=r"line 2.*2 annotators of item '2', expected more than the 2"):
        list(open_source(str(file), hold_out="2").items())
    dataset = open_source(str(file), hold_out="2", on_error="skip")
    assert [item.id for item in dataset.items()] == ["1"]
    assert [failure.id for failure in dataset.failures] == ["2", "3"]
    assert "leave --hold-out away" not in dataset.failures[0].reason


@pytest.mark.parametrize("spec", ["0", "", "-1", "two", "2:", "2:x", "1.5", "²"])
def test_a_spec_that_cannot_be_read_is_refused(spec: str) -> None:
    with pytest.raises(UsageError, match="hold out"):
        read_hold_out(spec)
