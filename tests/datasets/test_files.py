"""The same items from every kind of file, and writing that is whole or not at all."""

from __future__ import annotations

import csv
import datetime
import gzip
import importlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.core.errors import InputError, LabeldistError, MissingExtraError
from labeldist.core.item import Answer, Explanation, Item
from labeldist.datasets.failures import Failure
from labeldist.datasets.files import read_items, write_items, write_rows, write_text
from labeldist.datasets.source import open_source
from labeldist.tasks.load import load_task

NLI = load_task("nli")
ROWS: list[dict[str, Any]] = [
    {
        "id": "a",
        "fields": {"premise": 'He said "no",\nthen left.', "hypothesis": "Er ging — ünter Protest."},
        "labels": [{"annotator": "x/1", "label": "neutral"}, {"annotator": "x/2", "label": "entailment"}],
        "explanations": [{"label": "neutral", "text": "He may be back; who knows?", "source": "human"}],
        "evidence": {
            "m": {"distribution": {"entailment": 0.1, "neutral": 0.6, "contradiction": 0.3}, "saw_labels": False}
        },
        "reference": {"entailment": 2, "neutral": 41, "contradiction": 57},
        "note": "kept",
    },
    {"id": "b", "fields": {"premise": "x", "hypothesis": "y"}, "note": "too"},
]


@pytest.fixture
def items(tmp_path: Path) -> list[Item]:
    path = tmp_path / "items.jsonl"
    assert write_rows(path, ROWS) == 2
    return list(read_items(path, NLI))


def cell(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize("name", ["b.csv", "b.tsv", "b.CSV.gz", "b.tsv.gz"])
def test_tables_hold_the_same_items_as_jsonl(name: str, items: list[Item], tmp_path: Path) -> None:
    columns = list(ROWS[0])
    opened = gzip.open if name.lower().endswith(".gz") else open
    with opened(tmp_path / name, "wt", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter="\t" if ".tsv" in name else ",")
        writer.writerow(columns)
        writer.writerows([cell(row.get(column)) for column in columns] for row in ROWS)
    assert list(read_items(tmp_path / name, NLI)) == items


def test_plain_cells_of_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text(
        "id,premise,hypothesis,labels,reference.neutral,reference.e,score\n"
        "1,x,y,neutral; neutral;entailment,41,59,\n"
        "2,x,y,,,,0.5\n"
    )
    one, two = read_items(path, NLI)
    assert one.label_counts(NLI.label_names) == (1, 2, 0)
    assert one.reference == {"neutral": 41, "entailment": 59}
    assert two.labels == ()
    assert two.reference is None
    assert (one.extra, two.extra) == ({"score": ""}, {"score": "0.5"})
    path.write_text("id,premise,hypothesis,labels.neutral,labels.c\n1,x,y,3,\n2,x,y,,\n")
    assert [item.label_counts(NLI.label_names) for item in read_items(path, NLI)] == [(0, 3, 0), (0, 0, 0)]


def test_parquet_nested_and_plain(items: list[Item], tmp_path: Path) -> None:
    arrow = importlib.import_module("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    # Arrow gives every struct the same keys: what is absent in a row becomes null.
    parquet.write_table(arrow.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    assert list(read_items(tmp_path / "a.parquet", NLI)) == items
    columns = list(ROWS[0])
    text = [{column: cell(row.get(column)) or None for column in columns} for row in ROWS]
    parquet.write_table(arrow.Table.from_pylist(text), tmp_path / "b.parquet")
    assert list(read_items(tmp_path / "b.parquet", NLI)) == items


def test_parquet_values_that_json_has_not(tmp_path: Path) -> None:
    arrow = importlib.import_module("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    table = arrow.table(
        {
            "id": [1, 2],
            "premise": ["x", "x"],
            "hypothesis": ["y", "y"],
            "labels": arrow.array([[("neutral", 2)], None], arrow.map_(arrow.string(), arrow.int64())),
            "when": [datetime.date(2026, 1, 2), None],
            "weight": [float("nan"), 1.5],
        }
    )
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=1)
    one, two = read_items(tmp_path / "a.parquet", NLI)
    assert one.label_counts(NLI.label_names) == (0, 2, 0)
    assert (one.extra, two.extra) == ({"when": "2026-01-02", "weight": None}, {"when": None, "weight": 1.5})
    table = arrow.table({"id": [1], "premise": ["x"], "hypothesis": ["y"], "labels.neutral": [float("nan")]})
    parquet.write_table(table, tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"b.parquet, line 1, field 'labels': found nan"):
        list(read_items(tmp_path / "b.parquet", NLI))


def test_a_bad_parquet_row_spoils_no_other(tmp_path: Path) -> None:
    arrow = importlib.import_module("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    texts = arrow.array([b"x", b"\xff\xfe", b"x"])
    texts = arrow.Array.from_buffers(arrow.string(), 3, texts.buffers())  # says UTF-8 and is not
    files = arrow.array([None, None, b"bytes"], arrow.binary())
    table = arrow.table({"id": [1, 2, 3], "premise": texts, "hypothesis": ["y"] * 3, "file": files})
    parquet.write_table(table, tmp_path / "a.parquet")
    failures: list[Failure] = []
    found = list(read_items(tmp_path / "a.parquet", NLI, on_error="skip", failures=failures))
    assert [item.id for item in found] == ["1"]
    assert [(failure.place.line, failure.place.field) for failure in failures] == [(2, None), (3, "file")]


def test_parquet_without_its_extra_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.parquet").touch()
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"'\.\[parquet\]'"):
        list(read_items(tmp_path / "a.parquet", NLI))


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_are_fine(items: list[Item], tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    lines = [json.dumps(row) for row in ROWS]
    path.write_bytes(b"\xef\xbb\xbf" + f"{lines[0]}\r\n\r\n{lines[1]}".encode())
    assert list(read_items(path, NLI)) == items


@pytest.mark.parametrize("name", ["b.jsonl", "b.jsonl.gz", "new/folder/b.jsonl"])
def test_written_items_are_read_again(name: str, items: list[Item], tmp_path: Path) -> None:
    path = tmp_path / name
    assert write_items(path, items) == 2
    assert list(read_items(path, NLI)) == items
    first = path.read_bytes()
    write_items(path, items)
    assert path.read_bytes() == first
    assert [file.name for file in path.parent.iterdir() if file.name.startswith(".")] == []


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["", " \n", "\0", "a\0b"]))
def test_whatever_a_model_says_is_read_again(text: str) -> None:
    import tempfile

    item = Item(
        "a",
        {"premise": "x", "hypothesis": "y"},
        explanations=(Explanation(text, "neutral", "m"),),
        answers=(Answer(text, "neutral", "m"),),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "explanations.jsonl"
        write_items(path, [item])
        assert list(read_items(path, NLI)) == [item]


@pytest.mark.parametrize("limit", [1, 10**23])
def test_a_limit_may_be_of_any_size(limit: int, items: list[Item], tmp_path: Path) -> None:
    assert list(open_source(str(tmp_path / "items.jsonl"), limit=limit).items()) == items[:limit]


def test_texts_are_written_as_they_are_and_readable_by_all(items: list[Item], tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    write_items(path, items)
    assert "ünter Protest" in path.read_text(encoding="utf-8")
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.parametrize("bad", [float("nan"), "\ud800", object()])
def test_a_row_that_json_cannot_hold_leaves_the_old_file(bad: object, tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    path.write_text("old")
    with pytest.raises(InputError, match="line 2"):
        write_rows(path, [{"id": 1}, {"id": bad}])
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["b.jsonl"]


def test_a_text_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "table.md"
    write_text(path, "| ü |\n")
    assert path.read_bytes() == "| ü |\n".encode()
    with pytest.raises(InputError, match=r"table\.md"):
        write_text(path, "half a pair: \ud800")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LabeldistError, match="No space left"):
        write_text(path, "new")
    assert path.read_text(encoding="utf-8") == "| ü |\n"
    assert [file.name for file in path.parent.iterdir()] == ["table.md"]


def test_a_stream_that_breaks_leaves_the_old_file(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield {"id": 1}
        raise KeyboardInterrupt

    path = tmp_path / "b.jsonl"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_rows(path, rows())
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["b.jsonl"]


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LabeldistError, match="cannot write"):
        write_rows(tmp_path / "file" / "b.jsonl", [{"id": 1}])


@given(st.binary(max_size=200))
def test_no_bytes_give_anything_but_items_or_an_input_error(content: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.jsonl", "a.jsonl.gz", "a.csv", "a.tsv"):
            path = Path(folder) / name
            path.write_bytes(content)
            with pytest.raises(InputError):
                # None of the drawn bytes make a whole item, so every file ends with an error.
                list(read_items(path, NLI))


def test_a_row_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    for suffix in (".jsonl", ".csv"):
        with pytest.raises(InputError, match="5,000,000"):
            write_rows(tmp_path / f"rows{suffix}", [{"id": "1", "text": "x" * 5_000_000}])
    assert not list(tmp_path.iterdir())
