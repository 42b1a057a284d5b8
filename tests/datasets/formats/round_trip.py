"""Files of annotation tools read record by record, and items through a format and back."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from labeldist.core.errors import InputError, Place
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.format import FORMATS, MEMBER, Sample
from labeldist.datasets.rows import item_from_row
from labeldist.datasets.source import open_source

Records = list[dict[str, Any]]


def records_in(path: Path) -> Records:
    """The records of a file as it holds them: texts of CSV, values of all else, the members of a zip file."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as packed:
            return [record | {MEMBER: name} for name in packed.namelist() for record in parsed(name, packed.read(name))]
    if path.is_dir():
        return [record for file in sorted(path.rglob("*.parquet")) for record in records_in(file)]
    if path.suffix == ".parquet":
        import pyarrow.parquet

        found: Records = pyarrow.parquet.read_table(path).to_pylist()
        return found
    return parsed(path.name, path.read_bytes())


def parsed(name: str, content: bytes) -> Records:
    text = content.decode("utf-8")
    if name.endswith(".csv"):
        return [*csv.DictReader(io.StringIO(text, newline=""), strict=True)]
    if name.endswith(".json"):
        found: Records = json.loads(text)
        return found
    return [json.loads(line) for line in text.split("\n") if line]


def stored(path: Path) -> str:
    return "folder" if path.is_dir() else path.suffix.removeprefix(".")


def rows_of(
    name: str, records: Iterable[Mapping[str, Any] | InputError], path: Path | None = None, **columns: str
) -> list[tuple[Place, dict[str, Any] | InputError]]:
    """What a format's reader makes of records."""
    stream: Iterator[Any] = ((Place(path, line), record) for line, record in enumerate(records, 1))
    return [*FORMATS.get(name).rows(stream, columns)]


def items_of(name: str, records: Iterable[Mapping[str, Any]], task: Task, path: Path | None = None) -> list[Item]:
    found = []
    for place, row in rows_of(name, records, path):
        if isinstance(row, InputError):
            raise row
        found.append(item_from_row(row, task, place))
    return found


def back(name: str, items: Sequence[Item], task: Task, suffix: str = "") -> list[Item]:
    """The items, written in a format and read again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"items{suffix}"
        form = FORMATS.get(name)
        assert form.write is not None
        told = form.write(path, items, task)
        assert all(isinstance(sentence, str) and sentence for sentence in told)
        records = records_in(path)
        if records:
            recognised = [
                one for one, other in FORMATS.parts().items() if other.recognises(Sample(records, stored(path)))
            ]
            assert recognised == [name]
        file = next(iter(sorted(path.rglob("*.parquet"))), path) if path.is_dir() else path
        return items_of(name, records, task, file)


def same(item: Item) -> tuple[Item, dict[str | None, Counter[str]]]:
    """The item without its labels, and how often each annotator gave each: their order is no part of it."""
    labels: dict[str | None, Counter[str]] = {}
    for one in item.labels:
        labels.setdefault(one.annotator, Counter())[one.label] += one.times
    return replace(item, labels=()), labels


def real_items(folder: Path, name: str = "md-agreement", limit: int = 1000) -> tuple[list[Item], Task]:
    """The first items of a real data set in the folder of data sets, and its task."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABELDIST_DATA", str(folder))
        dataset = open_source(name)
        return [*islice(dataset.items(), limit)], dataset.task
