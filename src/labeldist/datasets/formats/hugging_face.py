"""Hugging Face: Parquet, or a folder with a card and ``data/*.parquet``, with what each person said in lists.

``human_labels`` has the numbers of classes, whose names are in the file's metadata or on the card; ``annotator_ids``
says whose they are; ``soft_label`` is how they are spread. A single ``label`` is what somebody settled on, and no
annotation: it is kept as a column. A ``soft_label`` without ``human_labels`` is a reference.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import IO, Any

from labeldist.core.errors import InputError, Place
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.carried import COLUMN, ROW, carried, is_reserved, restored
from labeldist.datasets.class_names import CARD, METADATA, Names, class_names, quoted
from labeldist.datasets.files import write_text
from labeldist.datasets.format import FORMATS, Format, Sample
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.tool_items import Given, Record, each, given_labels, json_text, labels_row, name_of
from labeldist.datasets.whole import naming_errors, whole_file
from labeldist.datasets.written_tables import LARGEST_INT, PARQUET_ROWS, load_parquet

LABELS, ANNOTATORS, SOFT = "human_labels", "annotator_ids", "soft_label"
DATA = "data/train-00000-of-00001.parquet"
TOLERANCE = 1e-6
TYPES = {"str": "string", "int": "int64", "float": "float64", "bool": "bool"}  # Python's and Hugging Face's names


def recognises(sample: Sample) -> bool:
    """Whether rows have lists of what people said, under the names that are usual there."""
    if sample.stored not in ("parquet", "folder", "json", "jsonl", "zip"):
        return False
    return any(isinstance(record.get(name), list) for record in sample.records for name in (LABELS, SOFT))


def note(sample: Sample) -> str:
    """What a soft label by itself is taken for."""
    alone = SOFT in sample.columns and LABELS not in sample.columns
    return f"{SOFT} is read as the reference, a distribution of people" if alone else ""


def rows(records: Rows, columns: Mapping[str, str]) -> Rows:
    """A row per record; numbers of classes become their names."""
    known: dict[Path, Names] = {}

    def row_of(record: Record, place: Place) -> dict[str, Any]:
        if place.file is not None and place.file not in known:
            known[place.file] = class_names(place.file)
        return _row(record, columns, {} if place.file is None else known[place.file], place)

    yield from each(records, row_of)


def _row(record: Record, columns: Mapping[str, str], names: Names, place: Place) -> dict[str, Any]:
    id_, label = columns.get("id", "id"), columns.get("label", LABELS)
    annotator = columns.get("annotator", ANNOTATORS)
    given = [*_given(record, label, annotator, names, place)]
    rest = {}
    for name, value in record.items():
        if name in (id_, label, annotator, SOFT) or value is None:
            continue
        kept = f"hf.{name}" if is_reserved(name) and name != COLUMN else name
        rest[kept] = _named(value, names[name], place.at(name)) if name in names else value
    row = {"id": name_of(record.get(id_, place.line), "id", place.at(id_)), **restored(rest, place)}
    if given:
        row["labels"] = labels_row(given)
    if _is_evidence(record.get(SOFT), row.get("evidence"), names.get(label) or ()):
        return row
    return row | _soft(record.get(SOFT), names.get(label) or names.get("label") or (), given, place)


def _given(record: Record, column: str, annotator: str, names: Names, place: Place) -> Iterator[Given]:
    labels, people = record.get(column), record.get(annotator)
    if labels is None:
        return
    labels = labels if isinstance(labels, list) else [labels]
    people = [None] * len(labels) if people is None else people if isinstance(people, list) else [people]
    if len(people) != len(labels):
        found = f"{len(labels)} labels of {len(people)} annotators"
        raise InputError(found, expected="one label of each", place=place.at(column))
    for label, who in zip(labels, people, strict=True):
        named = _named(label, names.get(column, ()), place.at(column))
        if (name := name_of(named, "label", place.at(column))) is not None:
            yield name_of(who, "annotator", place.at(annotator)), name


def _named(value: Any, names: Sequence[str], place: Place) -> Any:
    """The name of a class, or of each in a list; -1 is none."""
    if isinstance(value, list):
        return [_named(one, names, place) for one in value]
    if not names or not isinstance(value, int) or isinstance(value, bool):
        return value
    if not -1 <= value < len(names):
        raise InputError(f"class {value}", expected=f"one of the {len(names)} with a name", place=place)
    return None if value == -1 else names[value]


def _is_evidence(found: Any, evidence: Any, names: Sequence[str]) -> bool:
    """Whether a soft label is what the evidence says, as `labeldist convert` writes it: that is nothing of people's."""
    if not isinstance(found, list) or not isinstance(evidence, Mapping) or len(found) != len(names):
        return False
    said = [one.get("distribution", {}) for one in evidence.values() if isinstance(one, Mapping)]
    shares = dict(zip(names, found, strict=True))
    return any(all(abs(one.get(name, 0.0) - share) < TOLERANCE for name, share in shares.items()) for one in said)


def _soft(found: Any, names: Sequence[str], given: Sequence[Given], place: Place) -> dict[str, Any]:
    """The soft label where it says more than the labels: as the reference where there are none, else as a column."""
    if found is None:
        return {}
    if not isinstance(found, list) or not names or len(found) != len(names):
        return {SOFT: found}
    shares = dict(zip(names, found, strict=True))
    if not given:
        return {"reference": shares}
    counts = [sum(label == name for _, label in given) / len(given) for name in names]
    same = all(isinstance(a, int | float) and abs(a - b) < TOLERANCE for a, b in zip(found, counts, strict=True))
    return {} if same else {SOFT: shares}


@dataclass(slots=True)
class _Spool:
    """Records on disk, and the types of the values in each of their columns."""

    file: IO[bytes]
    types: dict[str, set[str]] = field(default_factory=dict)

    def add(self, columns: dict[str, Any], given: Sequence[Given], soft: Sequence[float] | None) -> None:
        for name, value in columns.items():
            large = isinstance(value, int) and abs(value) > LARGEST_INT
            self.types.setdefault(name, set()).add("large" if large else type(value).__name__)
        self.file.write(json_text([columns, given, soft]).encode() + b"\n")

    def features(self) -> dict[str, str]:
        """The columns that have one type in all records, and that type."""
        single = {name: next(iter(found)) for name, found in self.types.items() if len(found) == 1}
        kept = {name: TYPES[kind] for name, kind in single.items() if kind in TYPES}
        return kept | ({COLUMN: "string"} if len(kept) < len(self.types) else {})

    def records(self, labels: Sequence[str], features: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        self.file.seek(0)
        for line in self.file:
            columns, given, soft = json.loads(line)
            yield _record(columns, given, soft, labels, features)


def _record(
    columns: dict[str, Any],
    given: Sequence[Given],
    soft: Sequence[float] | None,
    labels: Sequence[str],
    features: Mapping[str, str],
) -> dict[str, Any]:
    odd = {name: columns.pop(name) for name in [*columns] if name not in features}
    if odd:
        more = json.loads(columns.get(COLUMN, "{}"))
        columns[COLUMN] = json_text(more | {ROW: more.get(ROW, {}) | odd})
    numbers = [labels.index(label) for _, label in given]
    if soft is None and numbers:
        soft = [numbers.count(at) / len(numbers) for at in range(len(labels))]
    return columns | {LABELS: numbers, ANNOTATORS: [who for who, _ in given], SOFT: soft}


def write(path: Path, items: Iterable[Item], task: Task) -> Sequence[str]:
    """``NAME.parquet``, or a folder with a card that ``datasets.load_dataset`` and the hub take as it is."""
    file = path if path.suffix.lower() == ".parquet" else path / DATA
    load_parquet("writing Parquet")
    with naming_errors(path):
        opened = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
    with opened as kept:
        spool = _Spool(kept)
        for item in items:
            soft, item = _soft_of(item, task.label_names)
            spool.add({"id": item.id, **carried(item, _taken)}, [*given_labels(item)], soft)
        features = {"id": "string", **spool.features()}
        with naming_errors(path):
            kept.flush()
        _write_parquet(file, spool.records(task.label_names, features), features, task.label_names)
    if file != path:
        write_text(path / CARD, _card(features, task.label_names))
    return []


def _soft_of(item: Item, labels: Sequence[str]) -> tuple[list[float] | None, Item]:
    """The soft label that the item has in a column of its own, and the item without it."""
    found = item.extra.get(SOFT)
    if not isinstance(found, Mapping) or {*found} != {*labels}:
        return None, item
    extra = {name: value for name, value in item.extra.items() if name != SOFT}
    return [float(found[label]) for label in labels], replace(item, extra=extra)


def _taken(name: str) -> bool:
    return name in (LABELS, ANNOTATORS, SOFT)


def _write_parquet(
    path: Path, records: Iterator[dict[str, Any]], features: Mapping[str, str], labels: Sequence[str]
) -> None:
    arrow, parquet = load_parquet("writing Parquet")
    kinds = {"string": arrow.string(), "int64": arrow.int64(), "float64": arrow.float64(), "bool": arrow.bool_()}
    columns = {name: kinds[kind] for name, kind in features.items()}
    columns |= {LABELS: arrow.list_(arrow.int64()), ANNOTATORS: arrow.list_(arrow.string())}
    columns[SOFT] = arrow.list_(arrow.float64())
    schema = arrow.schema([*columns.items()], metadata={METADATA: json_text(_metadata(features, labels))})
    with whole_file(path) as file, closing(parquet.ParquetWriter(file, schema)) as writer:
        while batch := [*islice(records, PARQUET_ROWS)]:
            writer.write_table(arrow.Table.from_pylist(batch, schema=schema))


def _metadata(features: Mapping[str, str], labels: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: {"dtype": kind, "_type": "Value"} for name, kind in features.items()}
    for name, inner in {
        LABELS: {"names": [*labels], "_type": "ClassLabel"},
        ANNOTATORS: {"dtype": "string", "_type": "Value"},
        SOFT: {"dtype": "float64", "_type": "Value"},
    }.items():
        found[name] = {"feature": inner, "_type": "Sequence"}
    return {"info": {"features": found}}


def _card(features: Mapping[str, str], labels: Sequence[str]) -> str:
    lines = ["---", "dataset_info:", "  features:"]
    for name, kind in features.items():
        lines += [f"  - name: {quoted(name)}", f"    dtype: {kind}"]
    lines += [f"  - name: {LABELS}", "    sequence:", "      class_label:", "        names:"]
    lines += [f"          '{at}': {quoted(label)}" for at, label in enumerate(labels)]
    lines += [f"  - name: {ANNOTATORS}", "    sequence: string", f"  - name: {SOFT}", "    sequence: float64"]
    lines += ["configs:", "- config_name: default", "  data_files:", "  - split: train", "    path: data/train-*"]
    told = f"`{LABELS}` has the label of each annotator in `{ANNOTATORS}`; `{SOFT}` is their distribution, "
    told += "or what was estimated of them."
    return "\n".join([*lines, "---", "", told, ""])


FORMATS.add("hugging-face")(
    Format("hugging-face", "Hugging Face data set", recognises, rows, write, (".parquet",), note)
)
