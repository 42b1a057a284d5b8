"""Hugging Face data sets: names of classes from the metadata and from the card, and what people said in lists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.datasets.formats.round_trip import items_of, records_in, rows_of

from labeldist.core.errors import InputError
from labeldist.core.item import Annotation, Item
from labeldist.datasets.class_names import class_names, names_on_card, quoted
from labeldist.datasets.format import FORMATS, Sample
from labeldist.tasks.labels import labels_task

TASK = labels_task(["no", "yes: x"])
FRONT = """---
license: mit
dataset_info:
  features:
  - name: text
    dtype: string
  - name: human_labels
    sequence:
      class_label:
        names:
          '0': 'no'
          '1': 'yes: x'
  - name: 'gold label'
    dtype:
      class_label:
        names:
          '0': "it's \\U0001F600"
          '1': on and
            on
  - name: annotator_ids
    list: string
  splits:
  - name: train
    num_examples: 1
---
- name: not this
  class_label:
    names:
      '0': a
"""


def folder(tmp_path: Path, records: list[dict[str, Any]], card: str | None = FRONT) -> Path:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    (tmp_path / "data").mkdir()
    parquet.write_table(arrow.Table.from_pylist(records), tmp_path / "data" / "train-0.parquet")
    if card is not None:
        (tmp_path / "README.md").write_text(card, encoding="utf-8")
    return tmp_path / "data" / "train-0.parquet"


RECORDS = [
    {"id": "a", "text": "Hi.", "human_labels": [0, 1, 1], "annotator_ids": ["1", None, "3"], "gold label": 1},
    {"id": "b", "text": "Go.", "human_labels": [], "annotator_ids": [], "gold label": -1},
]


def test_numbers_get_the_names_on_the_card(tmp_path: Path) -> None:
    file = folder(tmp_path, RECORDS)
    first, second = items_of("hugging-face", records_in(file), TASK, file)
    assert first.labels == (Annotation("no", "1"), Annotation("yes: x"), Annotation("yes: x", "3"))
    assert first.extra == {"text": "Hi.", "gold label": "on and on"}
    assert (second.labels, second.extra) == ((), {"text": "Go.", "gold label": None})


def test_the_card_is_read_in_any_of_its_forms(tmp_path: Path) -> None:
    known = names_on_card(FRONT, tmp_path)
    assert known == {"human_labels": ("no", "yes: x"), "gold label": ("it's \U0001f600", "on and on")}
    assert names_on_card(FRONT.replace("---\n", "", 1), tmp_path) == {}
    assert names_on_card("", tmp_path) == {}
    assert class_names(folder(tmp_path, RECORDS).parents[1]) == known
    with pytest.raises(InputError, match=r"numbers 0, 1, 2"):
        names_on_card(FRONT.replace("'1': 'yes", "'2': 'yes"), tmp_path)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_name_can_be_on_a_card(name: str) -> None:
    assert len(quoted(name).splitlines()) == 1
    front = f"---\nfeatures:\n- name: {quoted(name or 'x')}\n  dtype:\n    class_label:\n      names:\n        '0': "
    assert names_on_card(f"{front}{quoted(name)}\n---\n", Path("x")) == {name or "x": (name,)}


def test_without_names_numbers_are_the_labels(tmp_path: Path) -> None:
    file = folder(tmp_path, RECORDS, None)
    first, _ = items_of("hugging-face", records_in(file), labels_task(["0", "1"]), file)
    assert [one.label for one in first.labels] == ["0", "1", "1"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"human_labels": [0, 2], "annotator_ids": ["1", "2"]}, "found class 2, expected one of the 2 with a name"),
        ({"annotator_ids": ["1"]}, "found 3 labels of 1 annotators"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    ((_, row), _) = rows_of("hugging-face", [RECORDS[0] | change, RECORDS[1]], folder(tmp_path, RECORDS))
    assert isinstance(row, InputError)
    assert said in str(row)


def test_a_soft_label_is_what_the_labels_do_not_say(tmp_path: Path) -> None:
    file = folder(tmp_path, RECORDS)
    soft = [1 / 3, 2 / 3]
    ((_, same), (_, alone)) = rows_of("hugging-face", [one | {"soft_label": soft} for one in RECORDS], file)
    assert isinstance(same, dict)
    assert isinstance(alone, dict)
    assert not {"soft_label", "reference"} & same.keys()
    assert alone["reference"] == {"no": 1 / 3, "yes: x": 2 / 3}
    ((_, other),) = rows_of("hugging-face", [RECORDS[0] | {"soft_label": [0.5, 0.5]}], file)
    assert isinstance(other, dict)
    assert other["soft_label"] == {"no": 0.5, "yes: x": 0.5}
    note = FORMATS.get("hugging-face").note
    assert "reference" in note(Sample([{"id": "1", "soft_label": soft}], "parquet"))
    assert note(Sample(RECORDS, "parquet")) == ""


def test_a_folder_has_names_in_both_places_and_plain_columns(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    items = [
        Item("a", {}, (Annotation("no", "1"), Annotation("yes: x", "2")), extra={"text": "Hi.", "n": 1, "mixed": 1}),
        Item("b", {}, (), extra={"text": "Go.", "n": 2, "mixed": "x", "tags": ["t"]}),
    ]
    write = FORMATS.get("hugging-face").write
    assert write is not None
    assert write(tmp_path / "set", items, TASK) == []
    (file,) = (tmp_path / "set").rglob("*.parquet")
    card = (tmp_path / "set" / "README.md").read_text(encoding="utf-8")
    assert names_on_card(card, tmp_path) == class_names(file) == {"human_labels": ("no", "yes: x")}
    table = parquet.read_table(file)
    assert table.column("n").to_pylist() == [1, 2]
    assert table.column("soft_label").to_pylist() == [[0.5, 0.5], None]
    assert json.loads(table.column("labeldist").to_pylist()[1]) == {"row": {"tags": ["t"], "mixed": "x"}}
    assert items_of("hugging-face", records_in(file), TASK, file) == items


def test_a_damaged_file_has_no_names(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 no")
    assert class_names(tmp_path / "x.parquet") == {}
    assert class_names(tmp_path / "none" / "x.parquet") == {}
