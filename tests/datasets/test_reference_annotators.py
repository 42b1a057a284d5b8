"""Annotators held out as the reference."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Annotation, Item
from labeldist.datasets.read_report import ReadReport
from labeldist.datasets.reference_annotators import ReferenceAnnotators, read_reference_annotators, with_reference
from labeldist.datasets.source import open_source

LABELS = ["yes", "no", "maybe"]


@given(labels=st.lists(st.sampled_from(LABELS), min_size=2, max_size=8), named=st.booleans(), data=st.data())
def test_every_label_is_either_left_or_held_out(labels: list[str], named: bool, data: st.DataObject) -> None:
    annotations = tuple(Annotation(label, f"a{at}" if named else None) for at, label in enumerate(labels))
    count = data.draw(st.integers(1, len(labels) - 1))
    item = Item(data.draw(st.text(max_size=5)), {}, annotations)
    found = with_reference(item, ReferenceAnnotators(count, data.draw(st.integers(0, 3))))
    assert Counter(a.label for a in found.labels) + Counter(found.reference) == Counter(labels)
    assert sum(found.reference.values()) == count  # type: ignore[union-attr]


def test_all_labels_of_an_annotator_go_together() -> None:
    item = Item("1", {}, tuple(Annotation(label, who) for who in "abc" for label in ("yes", "no")))
    for seed in range(5):
        found = with_reference(item, ReferenceAnnotators(1, seed))
        assert found.reference == {"yes": 1, "no": 1}
        assert len({a.annotator for a in found.labels}) == 2


def test_who_is_drawn_depends_on_seed_and_item_only() -> None:
    items = [Item(str(at), {}, tuple(Annotation(label) for label in LABELS)) for at in range(60)]
    drawn = [with_reference(item, ReferenceAnnotators(1)).reference for item in items]
    assert drawn == [with_reference(item, ReferenceAnnotators(1)).reference for item in reversed(items)][::-1]
    assert drawn != [with_reference(item, ReferenceAnnotators(1, 1)).reference for item in items]
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
        list(open_source(str(file), reference_annotators="2").items())
    dataset = open_source(str(file), reference_annotators="2", on_error="skip")
    report = ReadReport()
    assert [item.id for item in dataset.items(report)] == ["1"]
    assert [failure.id for failure in report.failures] == ["2", "3"]
    assert "leave --reference-annotators away" not in report.failures[0].reason


@pytest.mark.parametrize("spec", ["0", "", "-1", "two", "2:", "2:x", "1.5", "²"])
def test_a_spec_that_cannot_be_read_is_refused(spec: str) -> None:
    with pytest.raises(UsageError, match="hold out"):
        read_reference_annotators(spec)


def _items(file: Path) -> str:
    rows = [
        {
            "id": str(at),
            "premise": f"P {at}",
            "hypothesis": "H",
            "labels": [{"annotator": f"a{who}", "label": "enc"[(at + who) % 3]} for who in range(4)],
            "explanations": [{"label": "e", "text": "It is so.", "source": "human"}],
        }
        for at in range(6)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file.name


def test_every_command_says_who_is_held_out(labeldist: Callable[..., Any], tmp_path: Path) -> None:
    """And that explanations by people may be by those annotators."""
    source = _items(tmp_path / "items.jsonl")
    told = "2 annotators of each item, held out by chance (seed 5)"
    how = ("--reference-annotators", "2:5", "--json")
    facts = {}
    for name, *arguments in (
        ("estimate", source, "--out", "posterior.jsonl"),
        ("evaluate", "posterior.jsonl", "--reference", source),
        ("judge", source, "--model", "scripted", "--explanations", "none", "--out", "blind.jsonl"),
        ("judge", source, "--model", "scripted", "--out", "mjd.jsonl"),
        ("run", source, "--model", "scripted", "--explanations", "human", "--out", "run"),
        ("select", source, "--explanations", "human", "--out", "selected.jsonl"),
    ):
        done = labeldist(name, *arguments, *how)
        assert done.returncode == 0, done.stderr
        assert told in done.stdout, name
        facts[arguments[-1]] = json.loads(done.stdout)
    kinds = [row["kind"] for row in facts[source]["evaluation"]["rows"]]
    assert kinds.count("ceiling") == 2
    assert facts["posterior.jsonl"]["reference_annotators"] == told
    for name in ("mjd.jsonl", "run", "selected.jsonl"):
        assert any("may be by annotators who are held out" in one for one in facts[name]["warnings"]), name
    assert not any("held out" in one for one in facts["blind.jsonl"]["warnings"])
    assert (
        told in labeldist("evaluate", "posterior.jsonl", "--reference", source, "--reference-annotators", "2:5").stdout
    )


def test_what_saw_the_reference_is_not_evaluated(labeldist: Callable[..., Any], tmp_path: Path) -> None:
    """A posterior or an MJD that labels guided, made without holding out, or with another seed or number."""
    source = _items(tmp_path / "items.jsonl")
    made = {
        "right": ("--reference-annotators", "2"),
        "all": (),
        "other": ("--reference-annotators", "2:5"),
        "fewer": ("--reference-annotators", "1"),
    }
    for name, how in made.items():
        done = labeldist("estimate", source, *how, "--out", f"{name}.jsonl")
        assert done.returncode == 0, done.stderr
        how = ("--model", "scripted", "--explanations", "label-guided", "--orders", "balanced:6", *how)
        done = labeldist("run", source, *how, "--out", name)
        assert done.returncode == 0, done.stderr
    for name in made:
        for file in (f"{name}.jsonl", f"{name}/mjd.label-guided.jsonl"):
            done = labeldist(
                "evaluate", f"it={file}", "--reference", source, "--reference-annotators", "2", "--bootstrap", 0
            )
            assert done.returncode == (0 if name == "right" else 2), (file, done.stdout)
            assert ("it saw labels that are the reference here: of " in done.stderr) == (name != "right")
    labeldist("judge", source, "--model", "scripted", "--explanations", "none", "--out", "blind.jsonl")
    assert labeldist("evaluate", "blind.jsonl", "--reference", source, "--reference-annotators", "2").returncode == 0


def test_a_limit_does_not_change_who_is_held_out(tmp_path: Path) -> None:
    _items(tmp_path / "items.jsonl")
    few = list(open_source(str(tmp_path / "items.jsonl"), reference_annotators="2", limit=2).items())
    dataset = open_source(str(tmp_path / "items.jsonl"), reference_annotators="2")
    assert [list(dataset.items())[:2], list(dataset.items())[:2]] == [few, few]
