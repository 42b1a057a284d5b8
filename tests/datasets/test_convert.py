"""Items written in any format and read again are the same items."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import labeldist as ld
from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Annotation, Evidence, Explanation, Item
from labeldist.datasets.convert import check_target, convert, written_formats
from labeldist.datasets.files import read_rows, write_items, write_rows
from labeldist.datasets.predictions import read_predictions
from labeldist.datasets.source import Dataset, open_source

ITEMS = [
    Item(
        str(at),
        {},
        tuple(Annotation(("ok", "toxic")[(at + who) % 3 == 0], f"ann{who}") for who in range(3)),
        extra={"text": f"The text of item {at}, which is long enough."},
    )
    for at in range(8)
]
RICH = [
    replace(
        item,
        explanations=(Explanation("It is rude.", "toxic", "gpt"),),
        evidence={"llm": Evidence({"ok": 0.25, "toxic": 0.75}, saw_labels=False)},
        reference={"ok": 60, "toxic": 40},
    )
    for item in ITEMS
]
# Formats that hold annotators, and a name of a file of each.
KEPT = {
    "items": "a.csv", "long": "a.csv", "wide": "a.csv", "argilla": "a.jsonl", "prodigy": "a.jsonl", "doccano": "a.zip",
    "mturk": "a.csv", "label-studio": "a.json", "hugging-face": "a.parquet", "potato": "a.jsonl",
}  # fmt: skip


def dataset_of(folder: Path, items: list[Item]) -> Dataset:
    write_items(folder / "items.jsonl", items)
    return open_source(str(folder / "items.jsonl"), texts=False)


def labels_of(items: Any) -> dict[str, list[tuple[str | None, str]]]:
    return {item.id: sorted((one.annotator or "", one.label) for one in item.labels) for item in items}


@pytest.mark.parametrize("to", KEPT)
def test_annotators_and_labels_come_back(to: str, tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, ITEMS)
    out = tmp_path / KEPT[to]
    assert convert(dataset, to, out).items == len(ITEMS)
    again = open_source(str(out), texts=False)
    assert labels_of(again.items()) == labels_of(ITEMS)
    assert again.told or to == "items"
    if to != "potato":  # which keeps answers only, and says so
        assert {item.id: item.extra["text"] for item in again.items()} == {
            item.id: item.extra["text"] for item in ITEMS
        }


@pytest.mark.parametrize("to", ["items", "long", "wide", "argilla", "prodigy", "doccano", "mturk", "hugging-face"])
def test_all_else_comes_back_where_it_can_be_held(to: str, tmp_path: Path) -> None:
    out = tmp_path / KEPT[to]
    assert not convert(dataset_of(tmp_path, RICH), to, out).lost
    for item, wanted in zip(
        sorted(open_source(str(out), texts=False).items(), key=lambda one: one.id), RICH, strict=True
    ):
        assert (item.explanations, item.evidence, item.reference) == (
            wanted.explanations,
            wanted.evidence,
            wanted.reference,
        )


@pytest.mark.parametrize("to", [*KEPT, "counts", "crowd-kit", "cleanlab"])
def test_real_items_survive(to: str, tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    raw = open_source(str(shared_data / "lewidi2023/HS-Brexit_dev.json"), texts=False)
    out = tmp_path / KEPT.get(to, "a.csv")
    done = convert(raw, to, out)
    assert done.items == 168
    if to == "cleanlab":
        return  # its tests read what was written
    again = open_source(str(out), texts=False, read=None)
    assert again.task.label_names == ("0", "1")
    if to == "counts":
        assert done.lost
        assert {i.id: dict(i.votes()) for i in again.items()} == {i.id: dict(i.votes()) for i in raw.items()}
    else:
        assert labels_of(again.items()) == labels_of(raw.items())


def test_a_posterior_goes_with_its_items(tmp_path: Path, labeldist: Callable[..., Any]) -> None:
    dataset_of(tmp_path, ITEMS)
    assert labeldist("estimate", "items.jsonl", "--out", "posterior.jsonl").returncode == 0
    posterior = {row["id"]: row for _, row in read_rows(tmp_path / "posterior.jsonl") if isinstance(row, dict)}
    for to, out in (
        ("label-studio", "a.json"),
        ("hugging-face", "a.parquet"),
        ("long", "a.csv"),
        ("cleanlab", "c.csv"),
    ):
        done = labeldist(
            "convert", "items.jsonl", "--to", to, "--out", out, "--predictions", "posterior.jsonl", "--json"
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["items"] == len(ITEMS)
        if to == "cleanlab":
            continue
        for item in open_source(str(tmp_path / out), texts=False).items():
            assert item.evidence["posterior"].distribution == pytest.approx(posterior[item.id]["distribution"])
            assert item.reference is None, "what was estimated is no reference"
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(tmp_path / "a.parquet").to_pydict()
    assert table["soft_label"][0] == pytest.approx([*posterior[table["id"][0]]["distribution"].values()])
    tasks = json.loads((tmp_path / "a.json").read_text())
    assert tasks[0]["predictions"]


def test_a_prediction_of_no_item_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "p.jsonl", [{"id": "99", "distribution": {"ok": 0.5, "toxic": 0.5}}])
    dataset = dataset_of(tmp_path, ITEMS)
    found = {"p": read_predictions(tmp_path / "p.jsonl", dataset.task)}
    with pytest.raises(InputError, match="predictions of no item, such as '99'"):
        convert(dataset, "long", tmp_path / "a.csv", found)


def test_targets_are_checked_before_anything_is_read() -> None:
    with pytest.raises(UsageError, match="no format that is written is named 'lng'"):
        check_target("lng", Path("a.csv"))
    with pytest.raises(UsageError, match=r"end its name in one of: \.zip"):
        check_target("doccano", Path("a.csv"))
    assert {*KEPT, "counts", "crowd-kit", "cleanlab"} == {*written_formats()}


def test_what_a_shape_cannot_hold_is_said(tmp_path: Path) -> None:
    twice = [replace(ITEMS[0], labels=(*ITEMS[0].labels, Annotation("ok", "ann0"))), *ITEMS[1:]]
    write_items(tmp_path / "items.jsonl", twice)
    dataset = open_source(str(tmp_path / "items.jsonl"), texts=False, repeated_labels="each")
    with pytest.raises(InputError, match="several labels of item '0' by annotator 'ann0'"):
        convert(dataset, "wide", tmp_path / "a.csv")
    unnamed = [Item("1", {}, (Annotation("ok"), Annotation("toxic", times=2))), Item("2", {}, (Annotation("ok"),))]
    assert "not the same people" in convert(dataset_of(tmp_path, unnamed), "wide", tmp_path / "a.csv").lost[0]
    counts = convert(dataset_of(tmp_path, ITEMS), "counts", tmp_path / "b.csv")
    assert "who chose which label" in counts.lost[0]


def test_an_estimate_in_memory_goes_with_its_items_too(tmp_path: Path) -> None:
    known = ld.estimate(ITEMS)
    done = ld.convert(ITEMS, to="label-studio", out=tmp_path / "a.json", predictions=known)
    assert done.items == len(ITEMS)
    for item in ld.read(tmp_path / "a.json").items():
        found = [item.evidence["prediction"].distribution[label] for label in known.labels]
        assert found == pytest.approx(known.mean[known.ids.index(item.id)])


def test_what_was_estimated_of_an_unlabelled_item_is_no_reference(tmp_path: Path) -> None:
    """A soft label without labels is a reference, but not where it says what the evidence says."""
    items = [*ITEMS, Item("new", {}, (), extra={"text": "Nobody has labelled this text."})]
    said = {item.id: {"ok": 0.75, "toxic": 0.25} for item in items}
    ld.convert(items, to="hugging-face", out=tmp_path / "a.parquet", predictions=said, labels=["ok", "toxic"])
    new = next(item for item in ld.read(tmp_path / "a.parquet").items() if item.id == "new")
    assert new.reference is None
    assert new.evidence["prediction"].distribution == said["new"]
