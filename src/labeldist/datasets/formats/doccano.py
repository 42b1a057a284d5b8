"""doccano: a zip file with a ``<user>.jsonl`` (or ``.csv``) for each person, as projects of several people export it.

Rows are ``{"id", "text", "label": [...], "Comments": [...]}`` and what came with the example; CSV joins labels with
``#``. In projects whose annotations are shared there is one file, ``all.jsonl``, which does not say who gave a label.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from labeldist.core.errors import InputError, Place, shown
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.carried import COLUMN, OWN_ID, carried, restored
from labeldist.datasets.format import FORMATS, MEMBER, Format, Sample
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.tool_items import Given, Record, by_annotator, collected, labels_row, name_of, others, sentences
from labeldist.datasets.whole import whole_file
from labeldist.datasets.written_tables import row_line

SHARED = "all"  # what the file of a project is called whose annotations are shared
TEXTS = ("text", "data")  # of newer versions, and of older ones
LABELS = ("label", "cats")
COMMENTS = "Comments"
SAFE = "@.+-_ "  # in names of files, beside letters and digits
DATE = (1980, 1, 1, 0, 0, 0)  # equal items make equal files
NO_ANNOTATORS = (
    "doccano does not say here who gave which label: they are read without annotators. A project whose annotations are "
    "not shared exports a file for each of them"
)


def recognises(sample: Sample) -> bool:
    """Whether rows have a text, labels, and doccano's comments, or a file for each person."""
    names = sample.columns
    known = any(text in names for text in TEXTS) and any(label in names for label in LABELS)
    return known and "answer" not in names and (COMMENTS in names or (MEMBER in names and "id" in names))


def note(sample: Sample) -> str:
    """That there are labels of people who are not named, where there are."""
    lost = any(_annotator(record) is None and any(record.get(label) for label in LABELS) for record in sample.records)
    return NO_ANNOTATORS if lost else ""


def rows(records: Rows, columns: Mapping[str, str]) -> Rows:
    """A row per example, with the labels that each person's file has for it."""
    id_column, label_column = columns.get("id", "id"), columns.get("label")

    def id_of(record: Record, place: Place) -> str:
        found = name_of(record.get(id_column), "id", place.at(id_column))
        if found is None:
            text = next((record[name] for name in TEXTS if isinstance(record.get(name), str)), None)
            if text is None:
                raise InputError("no id and no text", expected="an example of doccano", place=place)
            found = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return found

    errors, items = collected(records, id_of)
    yield from errors
    ids = sorted(items, key=int) if all(map(str.isdecimal, items)) else [*items]  # files begin at different examples
    for id_ in ids:
        found = items[id_]
        place = found[0][0]
        try:
            yield place, _row(id_, found, id_column, label_column)
        except InputError as error:
            yield place, error


def _row(id_: str, found: Sequence[tuple[Place, Record]], id_column: str, label: str | None) -> dict[str, Any]:
    given = [one for place, record in found for one in _given(record, label, place)]
    comments = [*_comments(record for _, record in found)]
    records = [record for _, record in found]
    used = (id_column, MEMBER, COMMENTS, COLUMN, OWN_ID, label or "", *LABELS)
    row = others(records, used, "doccano")
    more = next((record[COLUMN] for record in records if record.get(COLUMN)), None)
    row = {"id": id_, **restored({**row, COLUMN: more}, found[0][0])}
    return row | ({"labels": labels_row(given)} if given else {}) | ({COMMENTS: comments} if comments else {})


def _annotator(record: Record) -> str | None:
    """Whose file a record is from; None of the one that all share, and of a file by itself."""
    member = record.get(MEMBER)
    name = PurePosixPath(str(member)).name if member is not None else SHARED
    name = name.removesuffix(".gz").rpartition(".")[0] or name
    return None if name == SHARED else unquote(name)


def _given(record: Record, column: str | None, place: Place) -> Iterator[Given]:
    name = column or next((label for label in LABELS if label in record), LABELS[0])
    found = record.get(name)
    if isinstance(found, str):
        found = found.split("#")
    if found is None:
        return
    if not isinstance(found, list):
        raise InputError(shown(found), expected="a list of labels", place=place.at(name))
    for one in found:
        if isinstance(one, list | Mapping):
            hint = "only whole texts have labels here: export a project of text classification"
            raise InputError(f"a span, {shown(one, 40)}", expected="a label", place=place.at(name), hint=hint)
        label = name_of(one, "label", place.at(name))
        if label is not None:
            yield _annotator(record), label


def _comments(records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        found = record.get(COMMENTS)
        yield from (str(one) for one in (found if isinstance(found, list) else [found]) if one)


def write(path: Path, items: Iterable[Item], task: Task) -> Sequence[str]:
    """A zip file as doccano exports one; each file in it can be imported as JSONL with the columns text and label."""
    told: Counter[str] = Counter()
    members: dict[str, list[bytes]] = {}
    for number, item in enumerate(items, 1):
        for who, line in _lines(item, told):
            members.setdefault(_file_of(who), []).append(row_line(line, Place(path, number)))
    with whole_file(path) as file, zipfile.ZipFile(file, "w") as packed:
        for name, lines in members.items() or [(_file_of(None), [])]:
            about = zipfile.ZipInfo(name, DATE)
            about.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(about, b"".join(lines))
    return sentences(told)


def _file_of(who: str | None) -> str:
    """The file of an annotator; a name that has what names of files may not have is written as in addresses."""
    if who is None:
        return f"{SHARED}.jsonl"
    name = quote(who, safe=SAFE)
    return f"{'%61ll' if name == SHARED else name.replace('.', '%2E') if set(name) == {'.'} else name}.jsonl"


def _lines(item: Item, told: Counter[str]) -> Iterator[tuple[str | None, dict[str, Any]]]:
    names = (*LABELS, COMMENTS, MEMBER, "data", "id")
    columns = carried(item, lambda name: name in names, text_column="text")
    by = by_annotator(item) or {None: []}
    if any(one.annotator is None for one in item.labels):
        told[f"labels without annotators are in {SHARED}.jsonl"] += 1
    for who, labels in by.items():
        yield who, {"id": item.id, **columns, "label": labels, COMMENTS: []}


FORMATS.add("doccano")(Format("doccano", "doccano export", recognises, rows, write, (".zip",), note))
