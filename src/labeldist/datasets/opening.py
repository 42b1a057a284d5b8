"""A file of annotations, or a data frame of them, as rows of the Items contract, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place, UsageError
from labeldist.core.registry import did_you_mean
from labeldist.datasets.answers import read_aliases, with_meanings
from labeldist.datasets.cells import are_labels
from labeldist.datasets.column_map import ID, LABEL, ROLES, ColumnMap, read_columns, there
from labeldist.datasets.columns import KNOWN, spread_over
from labeldist.datasets.contract import keeps_contract, may_be_unlabelled, told_unlabelled
from labeldist.datasets.files import read_rows, readable_suffix
from labeldist.datasets.format import FORMATS, Format, Sample
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.read_options import ReadOptions
from labeldist.datasets.shape import SHAPES, Shape
from labeldist.datasets.shapes import shape_of
from labeldist.datasets.stored import Stored, how_stored, records_of, sample_of
from labeldist.datasets.tabled import renamed, rows_of
from labeldist.datasets.whole import is_special


@dataclass(frozen=True, slots=True)
class Reading:
    """How a user's file or frame is to be read, where that is not to be found out.

    ``format``: one of SHAPES, or of the formats of annotation tools. ``columns``: which column is what. ``missing``:
    what stands for no label. ``aliases``: other spellings of labels.
    """

    format: str | None = None
    columns: ColumnMap = field(default_factory=ColumnMap)
    missing: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """Rows of the Items contract, read anew at each call, and a sentence that says what was found; none for Items."""

    rows: Callable[[], Rows]
    told: str = ""
    shape: Shape | None = None


def read_reading(said: ReadOptions) -> Reading:
    """The record of what a user said; raises :class:`UsageError` for a format that is not known, and for bad pairs.

    >>> read_reading(ReadOptions("long", "label=verdict", "-,n/a")).missing
    ('-', 'n/a')
    """
    form, missing = said.format, said.missing or ()
    if form is not None and form not in SHAPES and form not in FORMATS.names():
        raise did_you_mean("format", form, (*SHAPES, *FORMATS.names()))
    gone = missing.split(",") if isinstance(missing, str) else [*missing]
    names = tuple(name.strip() for name in gone if name.strip())
    return Reading(form, read_columns(said.columns), names, read_aliases(said.aliases or ()))


def open_file(path: Path, reading: Reading) -> Opened:
    """The rows of a file. Raises :class:`InputError` and :class:`UsageError` where it cannot be said what they are."""
    if is_special(path):  # it can be read only once, so nothing can be found out before
        readable_suffix(path)
        if reading == Reading():
            return Opened(partial(read_rows, path))
    stored = how_stored(path)
    records = partial(records_of, stored, reading.columns.header)
    sample = _sample(records, stored)
    _check_header(sample, reading.columns, path)
    opened = _opened(records, sample, reading, stored)
    notes = "; ".join(stored.notes)
    return replace(opened, told="; ".join(filter(None, (opened.told, notes))))


def _sample(records: Callable[[], Rows], stored: Stored) -> Sample:
    """The first records; none where all are bad and whoever reads them will say so."""
    try:
        found = sample_of(records())
    except InputError:
        if stored.kind in ("folder", "zip"):  # whatever lies there
            return Sample([], stored.kind)
        raise
    bad = next((one for one in found if isinstance(one, InputError)), None)
    if bad is not None and stored.kind not in ("jsonl", "folder", "zip"):
        raise bad
    return Sample([one for one in found if not isinstance(one, InputError)], stored.kind)


def open_records(records: Callable[[], Rows], sample: Sample, reading: Reading) -> Opened:
    """As :func:`open_file`, of the records of a data frame."""
    return _opened(records, sample, reading, None)


def _opened(records: Callable[[], Rows], sample: Sample, reading: Reading, stored: Stored | None) -> Opened:
    tool = _tool(sample, reading)
    if tool is not None:
        named = {role: "+".join(names) for role, names in reading.columns.roles.items()}
        told = "; ".join(filter(None, (tool.title, tool.note(sample))))
        return Opened(partial(_changed, partial(_of_tool, tool, records, named), reading), told)
    if stored is not None and stored.kind in ("folder", "zip"):
        _refuse_members(sample, stored)
    shape = _shape(sample, reading, stored)
    if shape is None:  # the Items contract
        rows = records if stored is None else partial(_contract_rows, stored)
        columns = _columns(sample)
        told = "" if _has_contract_labels(columns) or _has_contract_part(columns) else told_unlabelled(columns)
        return Opened(partial(_changed, rows, reading), told)
    shape = replace(shape, missing=frozenset(reading.missing))
    said = reading.format is not None or bool(reading.columns.roles)
    told = shape.told() + ("" if said else f" (if not so: {'columns=' if stored is None else '--columns'})")
    return Opened(partial(_changed, partial(_of_shape, records, shape), reading), told, shape)


def _of_tool(tool: Format, records: Callable[[], Rows], named: Mapping[str, str]) -> Rows:
    return tool.rows(records(), named)


def _of_shape(records: Callable[[], Rows], shape: Shape) -> Rows:
    return rows_of(records(), shape)


def _contract_rows(stored: Stored) -> Rows:
    """Rows of the contract, whose cells are structured."""
    from labeldist.datasets.layout import ITEMS
    from labeldist.datasets.tables import csv_rows, parquet_rows

    if stored.kind == "csv":
        return csv_rows(stored.path, stored.delimiter, layout=ITEMS, quoted=stored.quoted)
    return parquet_rows(stored.path, ITEMS) if stored.kind == "parquet" else records_of(stored)


def _changed(rows: Callable[[], Rows], reading: Reading) -> Rows:
    """The rows with the names and the labels that the user gave them."""
    return with_meanings(renamed(rows(), reading.columns.renamed), reading.missing, reading.aliases)


def _tool(sample: Sample, reading: Reading) -> Format | None:
    if reading.format in SHAPES:
        return None
    if reading.format is not None:
        return FORMATS.get(reading.format)
    found = [one for one in FORMATS.parts().values() if one.recognises(sample)]
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise UsageError(f"a file that may be of {names}", hint=f"say which: --format {found[0].name}")
    return found[0] if found else None


def _shape(sample: Sample, reading: Reading, stored: Stored | None) -> Shape | None:
    """The shape of a table; None for rows of the Items contract, among them those that have no label yet."""
    columns = _columns(sample)
    named = bool(reading.columns.roles)
    if reading.format in (None, "items") and not named and (_has_contract_labels(columns) or not columns):
        return None
    try:
        return shape_of(columns, shape=reading.format, named=reading.columns)
    except InputError as error:
        may_be = _has_contract_part(columns) or (stored is not None and may_be_unlabelled(columns))
        if reading.format is None and not named and may_be:
            return None
        if {*reading.columns.roles} == {ID}:  # whoever says what the items are may have no labels yet
            return Shape("items", there(reading.columns, columns).roles[ID])
        raise InputError(error.found, expected=error.expected, place=_place(stored), hint=error.hint) from None


def _columns(sample: Sample) -> dict[str, list[Any]]:
    return {name: [record.get(name) for record in sample.records] for name in sample.columns}


def _place(stored: Stored | None) -> Place | None:
    return None if stored is None else Place(stored.path)


def _has_contract_labels(columns: Mapping[str, Sequence[Any]]) -> bool:
    """Whether rows are those of the Items contract, by its own name for the labels and what is in them."""
    spread = any(name.startswith("labels.") for name in columns)
    return "id" in columns and (spread or ("labels" in columns and keeps_contract(columns["labels"])))


def _has_contract_part(columns: Mapping[str, Sequence[Any]]) -> bool:
    """Whether rows have another part of the contract: references, evidence, explanations."""
    return "id" in columns and any((name in KNOWN and name != "id") or spread_over(name) for name in columns)


def _check_header(sample: Sample, columns: ColumnMap, path: Path) -> None:
    """Refuse a header that is none, and names for one that is there."""
    names = [*sample.columns]
    if columns.header and sample.records:
        first = [str(value).strip().lower() for value in sample.records[0].values()]
        if first == [name.lower() for name in columns.header]:
            hint = "leave --columns out, or say what is what: --columns label=COLUMN"
            raise InputError("a header line with just these names", expected="none", place=Place(path, 1), hint=hint)
        return
    if sample.stored != "csv" or len(names) < 2 or set(names) & {*KNOWN, *ROLES}:
        return
    again = [
        name
        for name in names
        if are_labels(values := [record.get(name) for record in sample.records]) and name in values
    ]
    if again:
        example = ",".join(["id", "annotator", LABEL, "text"][: len(names)])
        raise InputError(
            f"the first line {', '.join(names)}, which looks like a row: {again[0]!r} stands below it, too",
            expected="a header line with the names of the columns",
            place=Place(path, 1),
            hint=f"name the columns, all {len(names)} of them: --columns {example}",
        )


def _refuse_members(sample: Sample, stored: Stored) -> None:
    what = "a folder" if stored.kind == "folder" else "a zip file"
    tools = ", ".join(FORMATS.names())
    raise InputError(
        f"{what} of no known annotation tool" if sample.records else f"{what} without files of annotations",
        expected="a file with a row for each item or annotation",
        place=Place(stored.path),
        hint=f"name the file in it; or the tool that wrote it: --format, one of {tools}" if tools else "",
    )
