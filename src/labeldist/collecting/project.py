"""A folder with a project for an annotation tool, and all that reading it back needs: the items and the key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labeldist.collecting import label_studio, potato
from labeldist.collecting.choose import choose
from labeldist.collecting.explanations import explanation_study
from labeldist.collecting.labels import label_study
from labeldist.collecting.preferences import preference_study
from labeldist.collecting.study import Study
from labeldist.core.errors import InputError, Place, UsageError
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.files import write_items, write_json, write_rows, write_text
from labeldist.datasets.read_report import ReadReport
from labeldist.datasets.source import Dataset
from labeldist.runs.folder import Results, alone, own_files

WHAT = ("labels", "explanations", "preference")
ITEMS, KEY, PROJECT = "items.jsonl", "key.jsonl", "project.json"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool for annotation: the ``files`` of a study in it, the command that starts it, where it keeps answers."""

    title: str
    files: Callable[[Study], dict[str, str]]
    start: Callable[[Path], str]
    names: tuple[str, ...]
    answers: str | None = None
    then: str = ""


TOOLS = {
    "potato": Tool(
        "Potato", potato.files, potato.start, (potato.CONFIGURATION, potato.DATA), potato.ANSWERS,
        "Leave out --host 127.0.0.1 to let other machines in.",
    ),
    "label-studio": Tool(
        "Label Studio", label_studio.files, label_studio.start, (label_studio.CONFIGURATION, label_studio.DATA), None,
        f"Import {label_studio.DATA} in its window, and export as JSON when people are done.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Collected:
    """What was written: how many units for people to look at, about how many items, the command that starts it."""

    units: int
    items: int
    command: str
    then: str
    files: tuple[Path, ...]
    notes: tuple[str, ...]
    failures: tuple[dict[str, Any], ...]


def collect(
    dataset: Dataset,
    out: Path,
    *,
    tool: str,
    what: str,
    number: int | None = None,
    fields: Sequence[str] = (),
    seed: int = 0,
    overwrite: bool = False,
) -> Collected:
    """Write a project of ``tool`` to the folder ``out`` that asks people for ``what``.

    ``number``: of the items that people are asked about; None: all. ``fields``: the columns with the texts to show;
    empty: the task's, else all columns with a text. Raises :class:`UsageError` where files in ``out`` are not as
    labeldist wrote them (``overwrite`` moves them aside), and where people have begun to answer.
    """
    known = TOOLS[tool]
    names = (*known.names, ITEMS, KEY, PROJECT)
    results = Results(own_files(out / "collect"), names, dataset.inputs, patterns=_every_name())
    with alone(out / "collect"):
        _refuse_answered(out)
        results.check(overwrite=overwrite)
        report = ReadReport()
        items = list(dataset.items(report))
        study, notes = _study(items, dataset, what, number, fields, seed)
        notes += results.clear()
        files = _write(out, study, items, known, _about(dataset, study, tool, seed), results)
    about = {unit.key["item"] for unit in study.units}
    told = tuple(filter(None, [dataset.told, *notes]))
    return Collected(len(study.units), len(about), known.start(out), known.then, files, told, (*report.rows(),))


def _every_name() -> tuple[str, ...]:
    return (*(name for tool in TOOLS.values() for name in tool.names), ITEMS, KEY, PROJECT)


def _refuse_answered(out: Path) -> None:
    """Answers to other units would be taken for answers to the new ones."""
    for name in filter(None, (tool.answers for tool in TOOLS.values())):
        if any((out / name).glob("*/user_state.json")):
            raise UsageError(
                f"people have answered in {out / name}: a new project there would mix up whose answers are to what",
                hint="use another --out",
            )


def _study(
    items: Sequence[Item], dataset: Dataset, what: str, number: int | None, fields: Sequence[str], seed: int
) -> tuple[Study, list[str]]:
    task, notes = dataset.task, []
    chosen = list(items)
    if number is not None and number < len(items):
        chosen, why = choose(items, task, number, seed)
        notes.append(why)
    shown = _fields(chosen, dataset, fields)
    title = task.title if task.fields else dataset.name
    if what == "labels":
        return label_study(chosen, task, shown, title), notes
    make = explanation_study if what == "explanations" else preference_study
    return make(chosen, task, shown, title, seed), notes


def _fields(items: Sequence[Item], dataset: Dataset, named: Sequence[str]) -> Sequence[str]:
    """The columns that people see."""
    place = Place(dataset.path)
    if not items:
        raise InputError("no item", expected="items to ask people about", place=place)
    if named:
        for name in named:
            if not any({**item.extra, **item.fields}.get(name) for item in items):
                raise UsageError(f"no item has a text in {name!r}", hint=f"its columns: {', '.join(_columns(items))}")
        return named
    if dataset.texts and dataset.task.fields:
        return dataset.task.fields
    texts = [name for name in _columns(items) if all(isinstance(item.extra.get(name), str) for item in items)]
    if not texts:
        raise InputError(
            "no column with a text in every item",
            expected="texts to show to people",
            place=place,
            hint="say where they are: --fields text, or --task with the task whose fields the items have",
        )
    return texts


def _columns(items: Sequence[Item]) -> list[str]:
    return list(dict.fromkeys(name for item in items for name in (*item.fields, *item.extra)))


def _about(dataset: Dataset, study: Study, tool: str, seed: int) -> dict[str, Any]:
    task = dataset.task
    return {
        "labeldist": "collect",
        "version": VERSION,
        "tool": tool,
        "what": study.what,
        "source": dataset.name,
        "task": task.name,
        "labels": list(task.label_names),
        "scale": task.scale,
        "fields": list(task.fields if dataset.texts else ()),
        "seed": seed,
        "questions": {question.name: question.meanings for question in study.questions},
    }


def _write(
    out: Path, study: Study, items: Sequence[Item], tool: Tool, about: Mapping[str, Any], results: Results
) -> tuple[Path, ...]:
    note = results.own.note
    for name, text in tool.files(study).items():
        write_text(out / name, text, note=note)
    write_items(out / ITEMS, items, note=note)
    write_rows(out / KEY, (unit.key for unit in study.units), note=note)
    write_json(out / PROJECT, about, note=note)  # last: a project without it was not written to its end
    results.own.settle()
    return tuple(out / name for name in results.names)


def read_about(folder: Path) -> dict[str, Any]:
    """What ``project.json`` says; :class:`UsageError` where the folder is no project."""
    file = folder / PROJECT
    try:
        about = json.loads(file.read_text(encoding="utf-8"))
        if about["labeldist"] == "collect" and about["version"] == VERSION and about["tool"] in TOOLS:
            return dict(about)
    except (OSError, ValueError, LookupError, TypeError):
        pass
    raise UsageError(
        f"{folder} is no project that `labeldist collect` wrote", hint="name the folder that was its --out"
    )


def task_of(about: Mapping[str, Any]) -> Task:
    """The labels and fields of the items of a project."""
    from labeldist.tasks.labels import labels_task

    task = labels_task(about["labels"])
    return replace(task, fields=tuple(about["fields"]))
