"""crowd-kit's and cleanlab's files: what is in them, and what is said of what is not."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tests.datasets.formats.round_trip import rows_of

from labeldist.core.errors import UsageError
from labeldist.core.item import Annotation, Evidence, Explanation, Item
from labeldist.datasets.format import FORMATS
from labeldist.tasks.labels import labels_task

TASK = labels_task(["ok", "toxic"])
ITEMS = [
    Item(
        "a", {}, (Annotation("ok", "ann"), Annotation("toxic", "bo, jr"), Annotation("ok", "ann")), extra={"text": "x"}
    ),
    Item("b", {}, (Annotation("toxic", times=2), Annotation("ok", "bo, jr")), (Explanation("So.", "ok"),)),
    Item("=c", {}, (), evidence={"m/1": Evidence({"toxic": 0.25, "ok": 0.75})}, reference={"ok": 1}),
]


def table(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [*csv.reader(file)]


def written(name: str, path: Path) -> str:
    write = FORMATS.get(name).write
    assert write is not None
    return "\n".join(write(path, ITEMS, TASK))


def test_crowd_kit_has_a_row_per_label(tmp_path: Path) -> None:
    told = written("crowd-kit", tmp_path / "x.csv")
    assert table(tmp_path / "x.csv") == [
        ["task", "worker", "label"],
        ["a", "ann", "ok"], ["a", "bo, jr", "toxic"], ["a", "ann", "ok"],
        ["b", "unnamed 1", "toxic"], ["b", "unnamed 2", "toxic"], ["b", "bo, jr", "ok"],
    ]  # fmt: skip
    for said in ("texts", "explanations", "evidence", "references", "without labels", "unnamed 1, 2, ..."):
        assert f"1 item: {said}" in told or said in told


def test_cleanlab_has_a_matrix_the_names_and_the_probabilities(tmp_path: Path) -> None:
    told = written("cleanlab", tmp_path / "x.csv")
    assert table(tmp_path / "x.csv") == [
        ["id", "ann", "bo, jr", "unnamed 1", "unnamed 2"],
        ["a", "0", "1", "", ""],
        ["b", "", "0", "1", "1"],
        ["=c", "", "", "", ""],
    ]
    assert table(tmp_path / "x.classes.csv") == [["number", "label"], ["0", "ok"], ["1", "toxic"]]
    probabilities = [["id", "ok", "toxic"], ["a", "", ""], ["b", "", ""], ["=c", "0.75", "0.25"]]
    assert table(tmp_path / "x.pred_probs.csv") == probabilities
    assert "1 item: further labels of an annotator are left out" in told
    assert "x.pred_probs.csv: what m/1 says; 2 items have none" in told
    assert "spreadsheet" in told
    assert "evidence" not in told


@pytest.mark.parametrize("name", ["crowd-kit", "cleanlab"])
def test_they_are_not_read(name: str) -> None:
    with pytest.raises(UsageError, match="to write, not to read"):
        rows_of(name, [{"task": "1"}])
