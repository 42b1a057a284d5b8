"""Whatever file somebody has, opening it by its content ends with items or an error of ours."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from tests.fuzz.mutations import EDITS, fuzz, mutated

from labeldist.core.errors import LabeldistError
from labeldist.core.item import Annotation, Item
from labeldist.datasets.convert import convert
from labeldist.datasets.files import write_items
from labeldist.datasets.source import open_source

TEXTS = {"text": "Hi you."}
ITEMS = [
    Item(str(at), {}, tuple(Annotation(("ok", "bad")[(at + who) % 2], f"ann{who}") for who in range(3)), extra=TEXTS)
    for at in range(4)
]
WRITTEN = {
    "long": "a.csv", "wide": "a.csv", "counts": "a.tsv", "argilla": "a.jsonl", "prodigy": "a.jsonl", "doccano": "a.zip",
    "mturk": "a.csv", "label-studio": "a.json", "hugging-face": "a.parquet", "potato": "a.jsonl",
}  # fmt: skip
PLAIN = st.sampled_from(
    [None, True, 0, 1, -3, 0.5, 1.0, 1e300, "", "a", "b", "1", "1.0", "a#b", "['a', 'b']", '{"a": 2}', "{'ann1': 'a'}",
     "60%", "A text, longer.", "\0"]
)  # fmt: skip
KEYS = st.sampled_from(["ann1", "annotator", "label", "a"])
CELLS = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=4
)
COLUMNS = st.sampled_from(
    ["id", "item", "label", "label1", "label2", "labels", "annotator", "annotators", "annotations", "votes", "n_a",
     "n_b", "ann1", "ann2", "text", "user_id", "Q.responses", "reference", "evidence", "a.b", "accept", "answer",
     "data", "_input_hash", "WorkerId", "Answer.x", "instance_id", "human_labels", "interval.low.a", "interval"]
)  # fmt: skip


def read_all(file: Path) -> None:
    with suppress(LabeldistError):
        list(open_source(str(file), texts=False, on_error="skip", repeated_labels="each").items())


@pytest.mark.parametrize("form", WRITTEN)
def test_damaged_files_of_every_format(form: str, tmp_path: Path) -> None:
    write_items(tmp_path / "items.jsonl", ITEMS)
    file = tmp_path / WRITTEN[form]
    convert(open_source(str(tmp_path / "items.jsonl"), texts=False), form, file)
    valid = file.read_bytes()

    def check(edits: list[tuple[str, float, int, int]]) -> None:
        file.write_bytes(mutated(valid, edits))
        read_all(file)

    fuzz(check, EDITS)


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a.xlsx", "a"])
@pytest.mark.parametrize("packed", [False, True])
def test_any_bytes_under_any_name(name: str, packed: bool, tmp_path: Path) -> None:
    file = tmp_path / name
    signs = st.sampled_from("{}[]\",;:\t\n #|'ab01.%\0é")
    texts = st.text(signs, max_size=60).map(str.encode)

    def check(content: bytes) -> None:
        file.write_bytes(gzip.compress(content, 1) if packed else content)
        read_all(file)

    fuzz(check, st.binary(max_size=60) | texts | texts.map(lambda text: b"\xff\xfe" + text))


def test_any_records(tmp_path: Path) -> None:
    def check(rows: list[dict[str, Any]]) -> None:
        for name, content in (
            ("a.json", json.dumps(rows)),
            ("b.jsonl", "".join(json.dumps(row) + "\n" for row in rows)),
            ("c.json", json.dumps({str(at): row for at, row in enumerate(rows)})),
        ):
            (tmp_path / name).write_text(content)
            read_all(tmp_path / name)

    fuzz(check, st.lists(st.dictionaries(COLUMNS, CELLS, max_size=6), min_size=1, max_size=4))
