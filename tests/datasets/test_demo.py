"""The demonstration items: valid, honest about what they are, nobody else's text, and labels that are a draw."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import labeldist
from labeldist.core.errors import UsageError
from labeldist.core.item import Item
from labeldist.datasets.catalog import DATASETS, data_folders
from labeldist.datasets.demo import draw_labels
from labeldist.datasets.source import open_source
from labeldist.reports.tables import notes

# Of all but the labels, as it was before any label was drawn: references are not adapted to a draw.
MADE_UP = "cd1223aaf3f0d92eabd8c82dada17c75e144b0e663d20746dc071173a3fd3033"


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return list(open_source("demo").items())


def test_48_items_with_five_labels_and_twenty_illustrative_votes(items: list[Item]) -> None:
    assert len({item.id for item in items}) == len(items) == 48
    for item in items:
        assert [a.annotator for a in item.labels] == [f"demo/{number}" for number in range(1, 6)]
        assert item.reference is not None
        assert sum(item.reference.values()) == 20
        assert {a.label for a in item.labels} <= {label for label, count in item.reference.items() if count}


def test_texts_are_of_the_stated_lengths_and_all_different(items: list[Item]) -> None:
    texts = [text for item in items for text in item.fields.values()]
    assert len(set(texts)) == len(texts) == 96
    for item in items:
        assert 8 <= len(item.fields["premise"].split()) <= 25, item.id
        assert 4 <= len(item.fields["hypothesis"].split()) <= 12, item.id


def test_a_third_has_a_clear_majority(items: list[Item]) -> None:
    clear = [item for item in items if item.reference and max(item.reference.values()) >= 17]
    assert len(clear) == 16
    assert {max(item.reference, key=item.reference.__getitem__) for item in clear if item.reference} == {
        "entailment",
        "neutral",
        "contradiction",
    }


def test_it_says_that_labels_and_references_are_illustrative() -> None:
    facts = DATASETS.get("demo").facts
    for text in (facts.title, facts.labels, facts.reference):
        assert "illustrative" in text
    assert "nothing about people" in facts.note


def test_the_labels_are_the_first_draw_from_the_references(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file with any other labels the script makes the shipped one, byte for byte."""
    shipped = draw_labels.FILE.read_text(encoding="utf-8")
    rows = [json.loads(line) for line in shipped.splitlines()]
    others = [{**row, "labels": []} for row in rows]
    assert list(draw_labels.with_drawn_labels(others, seed=1)) != rows
    file = tmp_path / "items.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in others), encoding="utf-8")
    monkeypatch.setattr(draw_labels, "FILE", file)
    draw_labels.main()
    assert draw_labels.SEED == 0
    assert file.read_text(encoding="utf-8") == shipped


def test_a_draw_goes_by_the_reference() -> None:
    sure = {"entailment": 0, "neutral": 20, "contradiction": 0}
    torn = {"entailment": 5, "neutral": 0, "contradiction": 15}
    first, *rest = draw_labels.with_drawn_labels([{"id": at, "reference": torn if at else sure} for at in range(400)])
    assert [label["label"] for label in first["labels"]] == ["neutral"] * 5
    drawn = [label["label"] for row in rest for label in row["labels"]]
    assert drawn.count("neutral") == 0
    assert drawn.count("contradiction") / len(drawn) == pytest.approx(0.75, abs=0.04)


def test_texts_and_references_are_those_from_before_the_draw() -> None:
    rows = [json.loads(line) for line in draw_labels.FILE.read_text(encoding="utf-8").splitlines()]
    made_up = [{name: value for name, value in row.items() if name != "labels"} for row in rows]
    assert hashlib.sha256(json.dumps(made_up, ensure_ascii=False).encode()).hexdigest() == MADE_UP


def test_the_draw_is_told_wherever_figures_are_shown() -> None:
    facts = DATASETS.get("demo").facts
    for text in (facts.labels, facts.note, facts.reference_note):
        assert text is not None
        assert f"seed {draw_labels.SEED}" in text
    found = labeldist.evaluate(reference="demo", metrics=["kl"], bootstrap=0)
    assert f"Reference: {facts.reference_note}." in notes(found)
    assert f"Reference: {facts.reference_note}." in found._repr_html_()


def test_it_is_read_from_the_package_whatever_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, items: list[Item]
) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(tmp_path))
    monkeypatch.setenv("LABELDIST_CACHE", str(tmp_path / "none"))
    assert list(open_source("demo").items()) == items


def test_no_text_is_in_a_named_data_set(shared_data: Path, monkeypatch: pytest.MonkeyPatch, items: list[Item]) -> None:
    """Every split that is at hand, training pairs included; compared without case and final full stop."""
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    mine = {_plain(text): item.id for item in items for text in item.fields.values()}
    read = 0
    for name in DATASETS.names():
        facts = DATASETS.get(name).facts
        for split, files in facts.splits.items():
            if name == "demo" or data_folders().find(*files) is None:
                continue
            for other in open_source(f"{name}:{split}", on_error="skip").items():
                read += 1
                shared = [mine[_plain(text)] for text in other.fields.values() if _plain(text) in mine]
                assert not shared, f"{shared[0]} shares a text with {other.id} of {name}:{split}"
    assert read > 1000


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(UsageError, match="no split of demo"):
        open_source("demo:test")


def test_the_file_keeps_the_contract_with_names_written_out(items: list[Item]) -> None:
    rows = [json.loads(line) for line in open_source("demo").path.read_text(encoding="utf-8").splitlines()]
    assert {key for row in rows for key in row} == {
        "id",
        "premise",
        "hypothesis",
        "labels",
        "reference",
        "phenomenon",
    }
    assert {row["phenomenon"] for row in rows} == {item.extra["phenomenon"] for item in items}


def _plain(text: str) -> str:
    return text.strip().rstrip(".").lower()
