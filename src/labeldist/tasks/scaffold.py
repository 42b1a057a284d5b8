"""A new task folder that loads at once, for its author to put the right words in."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from labeldist.core.errors import LabeldistError, UsageError, shown
from labeldist.core.task import ORDINAL, Task
from labeldist.tasks.load import RESERVED, load_task, shipped_tasks, wordings

TASK = """\
title = {title}
language = {language}
# The texts of an item, as its columns are called.
fields = {fields}
{scale}
# An easy item, on which `labeldist doctor --task {folder}` tries a model.
[example]
{example}
"""
LABEL = """
[[labels]]
name = {name}
aliases = []  # other spellings in your data, such as "0"
{value}verbalised = {name}  # how the explanation prompt says it: see claim in prompts.toml
option = {name}  # how it stands among the options
"""
PROMPTS = """\
# What to ask. The sentences around these texts are labeldist's own, in this language:
# "Please determine <ask> and select ONE of the listed options ..."
# "Please list all possible explanations why <claim> without introductory phrases."
# For other sentences write the prompts yourself, as the task nli does (see docs/howto-own-task.md).
wording = {wording}
ask = {ask}
claim = {claim}
item = {item}
"""


def new_task(
    folder: Path,
    labels: Sequence[str],
    *,
    fields: Sequence[str] = ("text",),
    language: str = "en",
    scale: str = "nominal",
) -> Task:
    """Write a task of that name with these labels to ``folder``, and return it as it loads.

    ``language``: one that prompts are worded in; else they are in English. Labels of an ordinal ``scale`` are in rising
    order: their values are the numbers that they are, or their places from 1. Raises :class:`UsageError` before
    anything is written: where the folder is not empty or has the name of a shipped task, and where labels or fields are
    none.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     new_task(Path(place) / "sentiment", ["negative", "neutral", "positive"]).label_names
    ('negative', 'neutral', 'positive')
    """
    _check(folder, labels, fields, language, scale)
    numbers = all(map(_is_number, labels))
    ordered = sorted(labels, key=float) if scale == ORDINAL and numbers else list(labels)
    values = [float(label) if numbers else place for place, label in enumerate(ordered, 1)]
    task = _task_text(folder, ordered, fields, language, values if scale == ORDINAL else None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "task.toml").write_text(task, encoding="utf-8")
        (folder / "prompts.toml").write_text(_prompts_text(ordered, fields, language), encoding="utf-8")
    except OSError as error:
        raise LabeldistError(f"cannot write {folder}: {error.strerror or error}") from error
    return load_task(str(folder))


def _check(folder: Path, labels: Sequence[str], fields: Sequence[str], language: str, scale: str) -> None:
    """Refuse, before anything is written, what would not load."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already", hint="use another --out")
    if folder.name in shipped_tasks():
        raise UsageError(f"labeldist has a task {folder.name!r}, which that name means", hint="use another name")
    if len({label.lower() for label in labels}) < max(2, len(labels)) or not all(label.strip() for label in labels):
        told = f"{len(labels)} label{'' if len(labels) == 1 else 's'}: {', '.join(map(shown, labels)) or 'none'}"
        raise UsageError(told, hint="give at least two, all different whatever their case: --labels yes,no")
    if not fields or not all(field.isidentifier() and field not in RESERVED for field in fields):
        raise UsageError(
            f"the field{'' if len(fields) == 1 else 's'} {', '.join(map(shown, fields)) or 'none'}",
            hint=f"each must be a word other than {', '.join(RESERVED)}, to be a placeholder in prompts",
        )
    if any(brace in text for text in (*labels, *fields) for brace in "{}"):
        raise UsageError("a brace in a label", hint="prompts have braces around what is filled in")
    for text in (str(folder), language, *labels):
        if not text or any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
            raise UsageError(f"the text {shown(text)}", hint="give printable characters")
    if scale == ORDINAL and all(map(_is_number, labels)) and len({float(label) for label in labels}) < len(labels):
        raise UsageError(f"the labels {shown(list(labels))}", hint="give numbers that are all different")


def _task_text(
    folder: Path, labels: Sequence[str], fields: Sequence[str], language: str, values: Sequence[float] | None
) -> str:
    """``task.toml``; ``values`` are those of an ordinal scale."""
    told = TASK.format(
        title=_quoted(folder.name),
        language=_quoted(language),
        fields="[" + ", ".join(map(_quoted, fields)) + "]",
        scale="" if values is None else f"scale = {_quoted(ORDINAL)}  # labels in rising order, each with its value\n",
        folder=folder,
        example="\n".join(f"{field} = {_quoted(f'An easy {field}.')}" for field in fields),
    )
    rows = ["" if values is None else f"value = {values[at]}\n" for at in range(len(labels))]
    return told + "".join(LABEL.format(name=_quoted(label), value=row) for label, row in zip(labels, rows, strict=True))


def _prompts_text(labels: Sequence[str], fields: Sequence[str], language: str) -> str:
    """``prompts.toml``, in English where there is no wording in the language."""
    return PROMPTS.format(
        wording=_quoted(language if language in wordings() else "en"),
        ask=_quoted(f"whether the following {fields[0]} is {', '.join(labels[:-1])} or {labels[-1]}"),
        claim=_quoted(f"the following {fields[0]} is {{label}}"),
        item=_quoted("".join(f"\n{field.capitalize()}: {{{field}}} " for field in fields).rstrip()),
    )


def _is_number(label: str) -> bool:
    try:
        return abs(float(label)) < 1e9
    except ValueError:
        return False


def _quoted(text: str) -> str:
    """A basic string of TOML, which JSON's strings are as well."""
    return json.dumps(text, ensure_ascii=False)
