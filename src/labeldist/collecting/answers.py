"""What people answered in a project: read from the tool's files by its format, put together with the items."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeldist.collecting.explanations import validated
from labeldist.collecting.labels import labelled_again, with_labels
from labeldist.collecting.preferences import preferred
from labeldist.collecting.project import ITEMS, KEY, TOOLS, read_about, task_of
from labeldist.core.errors import InputError, Place, UsageError, shown
from labeldist.datasets.files import read_items, write_items, write_rows
from labeldist.datasets.format import FORMATS, MEMBER
from labeldist.datasets.jsonl import Rows, json_rows
from labeldist.runs.beside import check_rows_out


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a project: rows written, answers by question and annotators, what to know of them."""

    what: str
    rows: int
    answers: Mapping[str, int]
    annotators: tuple[str, ...]
    files: tuple[Path, ...]
    notes: tuple[str, ...]


def read_project(folder: Path, export: Path | None, out: Path) -> Answered:
    """Write to ``out`` what people answered in the project in ``folder``.

    Labels: all items, the new labels behind those that they had. Explanations: the items with the validated ones.
    Preferences: a row for each answer. ``export``: the tool's file; Potato keeps its answers in the project.
    """
    about = read_about(folder)
    source = _source(folder, about, export)
    check_rows_out(out, source, folder / ITEMS, folder / KEY)
    known = {name: _given(source, name, meanings) for name, meanings in about["questions"].items()}
    if not any(known.values()):
        raise UsageError(f"no answer in {source}", hint="read it again once somebody has answered")
    key = _rows(folder / KEY)
    asked = {entry["id"] for entry in key}
    strange = sorted({unit for given in known.values() for unit in given} - asked)
    notes = [f"{len(strange):,} answers are to nothing that was asked, such as {shown(strange[0])}"] if strange else []
    rows, told = _put_together(folder, about, key, known, out)
    people = dict.fromkeys(who for given in known.values() for answers in given.values() for who in answers)
    counts = {name: sum(map(len, given.values())) for name, given in known.items()}
    return Answered(about["what"], rows, counts, tuple(people), (out,), (*notes, *told))


def _source(folder: Path, about: Mapping[str, Any], export: Path | None) -> Path:
    tool = TOOLS[about["tool"]]
    if export is None and tool.answers is None:
        raise UsageError(
            f"{tool.title} keeps its answers elsewhere", hint="export them as JSON, and name the file behind the folder"
        )
    found = export or folder / str(tool.answers)
    if not found.exists():
        raise UsageError(f"no answers: {found} does not exist", hint=f"start {tool.title} first: {tool.start(folder)}")
    return found


def _given(source: Path, question: str, meanings: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Unit to annotator to what was meant; :class:`InputError` for an answer that no option of the question is."""
    form = FORMATS.get(_form(source))
    found: dict[str, dict[str, str]] = {}
    try:
        rows = list(form.rows(_records(source), {"label": question}))
    except UsageError:  # nobody has answered this one
        return found
    for place, row in rows:
        if isinstance(row, InputError):
            raise row
        for entry in row.get("labels") or ():
            if not isinstance(entry, Mapping) or entry["label"] not in meanings:
                expected = f"an annotator and one of: {', '.join(meanings)}"
                raise InputError(shown(entry), expected=expected, place=place.at(question))
            found.setdefault(str(row["id"]), {})[str(entry["annotator"])] = meanings[entry["label"]]
    return found


def _form(source: Path) -> str:
    return "label-studio" if source.suffix == ".json" and source.name != "user_state.json" else "potato"


def _records(source: Path) -> Rows:
    """The records of a tool's file or folder."""
    if source.is_dir():
        for file in sorted(source.glob("*/user_state.json")):
            yield Place(file), {**_json(file), MEMBER: str(file.relative_to(source))}
    elif source.suffix == ".jsonl":
        yield from json_rows(source)
    else:
        found = _json(source)
        for number, record in enumerate(found if isinstance(found, list) else [found], 1):
            yield Place(source, number), record


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(shown(str(error)), expected="JSON in UTF-8", place=Place(file)) from error


def _rows(file: Path) -> list[dict[str, Any]]:
    rows = []
    for _, row in json_rows(file):
        if isinstance(row, InputError):
            raise row
        rows.append(row)
    return rows


def _put_together(
    folder: Path,
    about: Mapping[str, Any],
    key: Sequence[Mapping[str, Any]],
    known: Mapping[str, Mapping[str, Mapping[str, str]]],
    out: Path,
) -> tuple[int, list[str]]:
    if about["what"] == "preference":
        return write_rows(out, preferred(key, known)), []
    items = list(read_items(folder / ITEMS, task_of(about), repeated="each"))
    if about["what"] == "explanations":
        found = validated(items, key, known)
        return write_items(out, found.items), [
            f"{found.valid:,} of {found.judged:,} judged explanations are valid; {len(key) - found.judged:,} of "
            f"{len(key):,} were not judged and are left out"
        ]
    merged = with_labels(items, key, known)
    again = labelled_again(merged)
    told = f"{again:,} items have two labels of one annotator: --repeated-labels says which count" if again else ""
    return write_items(out, merged), [told] if told else []
