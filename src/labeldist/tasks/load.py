"""Reads a task folder (``task.toml`` and ``prompts.toml``) and checks it before anything is asked of a model."""

from __future__ import annotations

import difflib
import itertools
import math
import string
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place, UsageError, shown
from labeldist.core.registry import did_you_mean
from labeldist.core.spelling import folded, nfc
from labeldist.core.task import LETTERS, NOMINAL, ORDINAL, JudgePrompts, Label, Task, ValidityPrompts
from labeldist.core.visible import visible

SHIPPED = Path(__file__).parent
RESERVED = ("options", "comments", "label")  # placeholders that stand beside the fields in a prompt
TASK_KEYS = ("title", "language", "fields", "scale", "labels", "example", "default")
LABEL_KEYS = ("name", "aliases", "verbalised", "option", "options", "value")
PROMPT_KEYS = ("explain", "judge", "validity")
VALIDITY_KEYS = ("scored", "stated", "yes", "no", "separator")
WORDED = ("ask", "claim", "item")  # what a task says where the rest of its prompts is shipped
ANY_OPTION = ("letter", "option")


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What a template may contain, and what it must: one of each group of ``needed``."""

    needed: tuple[tuple[str, ...], ...] = ()
    others: tuple[str, ...] = ()

    @property
    def allowed(self) -> set[str]:
        """All the names."""
        return {*itertools.chain.from_iterable(self.needed), *self.others}


STYLE_PLACEHOLDERS = {
    "comment": Placeholders((("text",),), ("number",)),
    "explicit_comment": Placeholders((("text",), ("option",)), ("number",)),
    "option": Placeholders((ANY_OPTION,)),
    "option_separator": Placeholders(),
}


def shipped_tasks() -> list[str]:
    """The names of the tasks that come with labeldist."""
    return sorted(folder.parent.name for folder in SHIPPED.glob("*/task.toml"))


def wordings() -> list[str]:
    """The languages in which labeldist has the sentences around a task's own words."""
    return sorted(file.stem for file in (SHIPPED / "wording").glob("*.toml"))


@cache
def default_task() -> str:
    """The name of the task that is meant where none is named: the shipped one whose ``task.toml`` says ``default``."""
    named = (name for name in shipped_tasks() if _read_toml(SHIPPED / name / "task.toml").get("default") is True)
    return next(named)


def load_task(name: str | None = None) -> Task:
    """The task of that name, or of the task folder at that path; without a name the default one.

    Raises :class:`UsageError` for an unknown name and :class:`InputError` for a folder that does not keep the
    contract (file and field are named).

    >>> load_task("nli").label_names
    ('entailment', 'neutral', 'contradiction')
    """
    name = default_task() if name is None else name
    folder = _folder_of(name)
    if not (folder / "task.toml").is_file():
        own = [str(file.parent) for file in sorted(Path().glob("*/task.toml"))]
        error = did_you_mean("task", name, [*shipped_tasks(), *own])
        error.hint += "; or name a folder that has a task.toml"
        raise error
    return _read_task(folder)


def task_files(name: str | None = None) -> tuple[Path, Path]:
    """The two files of a task, by its name or folder as for :func:`load_task`.

    >>> [file.name for file in task_files("nli")]
    ['task.toml', 'prompts.toml']
    """
    folder = _folder_of(default_task() if name is None else name)
    return folder / "task.toml", folder / "prompts.toml"


def _folder_of(name: str) -> Path:
    if name in shipped_tasks():
        return SHIPPED / name
    return _spelled_otherwise(Path(name).parent if Path(name).name == "task.toml" else Path(name))


def _spelled_otherwise(folder: Path) -> Path:
    """The folder of this name that exists, where ``folder`` itself does not and its name has another Unicode form."""
    if folder.exists() or not folder.parent.is_dir():
        return folder
    return next((other for other in folder.parent.iterdir() if nfc(other.name) == nfc(folder.name)), folder)


def _read_task(folder: Path) -> Task:
    about = _read_toml(folder / "task.toml")
    _check_keys(about, TASK_KEYS, folder / "task.toml")
    rows = _tables(about, "labels", folder / "task.toml")
    for row in rows:
        _check_keys(row, LABEL_KEYS, folder / "task.toml", "labels.")
    prompts = _worded(_read_toml(folder / "prompts.toml"), folder / "prompts.toml", len(rows))
    fields = tuple(_texts(about, "fields", folder / "task.toml"))
    _check_fields(fields, folder / "task.toml")
    place = folder / "prompts.toml"
    judge = prompts.get("judge")
    if not isinstance(judge, dict) or not judge:
        raise _bad(place, "judge", judge, "a table with at least one answer style")
    labels = tuple(_label(row, [*judge], folder / "task.toml") for row in rows)
    _check_labels(labels, folder / "task.toml")
    styles = {style: _judge_prompts(f"judge.{style}", table, fields, place) for style, table in judge.items()}
    for style in styles:
        for label in labels:
            if style not in label.options:
                raise _bad(folder / "task.toml", "options", dict(label.options), f"an option for style {style!r}")
    scale = about.get("scale", NOMINAL)
    _check_scale(scale, labels, folder / "task.toml")
    return Task(
        name=nfc(folder.resolve().name),
        title=_text(about, "title", folder / "task.toml"),
        language=_text(about, "language", folder / "task.toml"),
        fields=fields,
        labels=labels,
        explain_prompt=_template(prompts, "explain", Placeholders((("label",), fields)), place),
        judge_prompts=styles,
        scale=scale,
        example=_example(about, fields, folder / "task.toml"),
        validity=_validity(prompts.get("validity"), fields, place),
    )


def _check_keys(table: Mapping[str, Any], known: Sequence[str], file: Path, where: str = "") -> None:
    """Refuse a key that nothing would read, which is a known one misspelt more often than not."""
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else ""
            place = Place(file, field=where + key)
            raise InputError("a key that nothing reads", expected=f"only: {', '.join(known)}", place=place, hint=hint)


def _check_scale(scale: Any, labels: tuple[Label, ...], file: Path) -> None:
    if scale not in (NOMINAL, ORDINAL):
        raise _bad(file, "scale", scale, f"{NOMINAL} or {ORDINAL}")
    values = [label.value for label in labels]
    if scale == ORDINAL:
        for label in labels:
            if label.value is None:
                raise _bad(file, "labels.value", label.name, "a number for each label of an ordinal scale")
        if values != sorted(set(values), key=lambda value: value or 0.0):
            raise _bad(file, "labels.value", values, "values that rise from label to label")


def _example(about: Mapping[str, Any], fields: tuple[str, ...], file: Path) -> dict[str, str] | None:
    """The fields of an easy item, where the task has one."""
    found = about.get("example")
    if found is None:
        return None
    if (
        not isinstance(found, dict)
        or {*found} != {*fields}
        or not all(isinstance(x, str) and x for x in found.values())
    ):
        raise _bad(file, "example", found, f"a table with a text for each of: {', '.join(fields)}")
    return found


def _worded(prompts: dict[str, Any], file: Path, labels: int) -> dict[str, Any]:
    """The prompts; where they only say what to ask (``wording``), with the shipped sentences of that language around.

    A table of the task's own replaces the one that the wording has. ``labels``: how many, since options are called by
    numbers where letters run out.
    """
    if "wording" not in prompts:
        _check_keys(prompts, PROMPT_KEYS, file)
        return prompts
    _check_keys(prompts, ("wording", *WORDED, *PROMPT_KEYS), file)
    if prompts["wording"] not in wordings():
        raise _bad(file, "wording", prompts["wording"], f"one of: {', '.join(wordings())}")
    texts = {name: _text(prompts, name, file) for name in WORDED}

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            for name, text in texts.items():
                value = value.replace(f"<{name}>", text)
            return value
        if isinstance(value, dict):
            return {key: filled(one) for key, one in value.items()}
        return [filled(one) for one in value]

    words = _read_toml(SHIPPED / "wording" / f"{prompts['wording']}.toml")
    texts["named"] = words.pop("named")[labels > len(LETTERS)]
    words = filled(words)
    own = {key: value for key, value in prompts.items() if key not in ("wording", *WORDED)}
    tables = own.pop("judge", {})
    if not isinstance(tables, dict):
        raise _bad(file, "judge", tables, "a table of answer styles")
    judge = words["judge"] | tables
    return {**words, **own, "judge": judge}


def _label(row: Mapping[str, Any], styles: Sequence[str], file: Path) -> Label:
    options = row.get("options")
    if options is None and "option" in row:
        options = dict.fromkeys(styles, _text(row, "option", file))
    if not isinstance(options, dict) or not all(isinstance(text, str) and text for text in options.values()):
        raise _bad(file, "labels.options", options, "a table {answer style = text}")
    aliases = tuple(folded(alias) for alias in _texts(row, "aliases", file)) if row.get("aliases") else ()
    value = row.get("value")
    if value is not None and (
        isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
    ):
        raise _bad(file, "labels.value", value, "a number")
    return Label(_text(row, "name", file), _text(row, "verbalised", file), options, aliases, value)


def _check_labels(labels: tuple[Label, ...], file: Path) -> None:
    for label in labels:
        for spelling in (label.name, label.verbalised, *label.aliases, *label.options.values()):
            # Spaces, punctuation and what is not seen are no part of what is compared; symbols and emoji are.
            if all(unicodedata.category(sign)[0] in "ZPC" for sign in spelling):
                expected = "names, aliases and options with a letter, digit or symbol, or no answer matches them"
                raise _bad(file, "labels", spelling, expected)
            if visible(spelling) != spelling:
                raise _bad(file, "labels", spelling, "names, aliases and options of one line, all of it visible")
    spellings = [spelling for label in labels for spelling in {folded(label.name), *label.aliases}]
    doubled = sorted({spelling for spelling in spellings if spellings.count(spelling) > 1})
    if len(labels) < 2 or doubled:
        found = f"{doubled[0]!r} for two labels" if doubled else f"{len(labels)} labels"
        raise InputError(found, expected="at least two labels, all spelled apart", place=Place(file, field="labels"))


def _check_fields(fields: tuple[str, ...], file: Path) -> None:
    for name in fields:
        if name in RESERVED or not name.isidentifier():
            expected = f"a word other than {', '.join(RESERVED)}, to be a placeholder in prompts"
            raise _bad(file, "fields", name, expected)


def _judge_prompts(name: str, table: Any, fields: tuple[str, ...], file: Path) -> JudgePrompts:
    if not isinstance(table, dict):
        raise _bad(file, name, table, "a table of prompts")
    where = name + "."
    _check_keys(table, ("plain", "commented", *STYLE_PLACEHOLDERS, "answer_forms", "paraphrases"), file, where)
    parts = {part: _template(table, part, known, file, where) for part, known in STYLE_PLACEHOLDERS.items()}
    forms = tuple(_texts(table, "answer_forms", file, where))
    for form in forms:
        _check_template(form, Placeholders((ANY_OPTION,)), Place(file, field=f"{where}answer_forms"))
    others = table.get("paraphrases", [])
    if not isinstance(others, list) or not all(isinstance(one, dict) for one in others):
        raise _bad(file, where + "paraphrases", others, "a list of tables, each with plain and commented")
    for one in others:
        _check_keys(one, ("plain", "commented"), file, f"{where}paraphrases.")
    return JudgePrompts(
        *_questions(table, fields, file, where),
        answer_forms=forms,
        paraphrases=tuple(_questions(one, fields, file, f"{where}paraphrases.") for one in others),
        **parts,
    )


def _questions(table: Mapping[str, Any], fields: tuple[str, ...], file: Path, where: str) -> tuple[str, str]:
    """The question without and with explanations."""
    return (
        _template(table, "plain", Placeholders((("options",), fields)), file, where),
        _template(table, "commented", Placeholders((("options",), ("comments",), fields)), file, where),
    )


def _validity(table: Any, fields: tuple[str, ...], file: Path) -> ValidityPrompts | None:
    """How to ask whether a reason is valid, where the task says it."""
    if table is None:
        return None
    if not isinstance(table, dict):
        raise _bad(file, "validity", table, "a table of prompts")
    where = "validity."
    _check_keys(table, VALIDITY_KEYS, file, where)
    reason = (("label",), ("comments",), fields)
    return ValidityPrompts(
        _template(table, "scored", Placeholders((("options",), *reason)), file, where),
        _template(table, "stated", Placeholders(reason), file, where),
        tuple(_texts(table, "yes", file, where)),
        tuple(_texts(table, "no", file, where)),
        _text(table, "separator", file, where),
    )


def _template(table: Mapping[str, Any], key: str, known: Placeholders, file: Path, where: str = "") -> str:
    text = _text(table, key, file, where)
    _check_template(text, known, Place(file, field=where + key))
    return text


def _check_template(text: str, known: Placeholders, place: Place) -> None:
    """Refuse what could not be filled in: only plain, known placeholders, and all that are needed."""
    try:
        parsed = [part[1:] for part in string.Formatter().parse(text) if part[1] is not None]
    except ValueError as error:
        raise InputError(
            f"{shown(text)} ({error})", expected="each brace closed", place=place, hint="write {{ or }} for a brace"
        ) from error
    allowed = f"only: {', '.join(f'{{{name}}}' for name in sorted(known.allowed)) or 'no placeholder'}"
    for name, form, conversion in parsed:
        if form or conversion or name not in known.allowed:
            whole = f"{name}{'!' + conversion if conversion else ''}{':' + form if form else ''}"
            raise InputError(f"placeholder {{{whole}}}", expected=allowed, place=place)
    used = {name for name, _, _ in parsed}
    for choices in known.needed:
        if not used.intersection(choices):
            expected = " or ".join(f"{{{name}}}" for name in choices)
            raise InputError(f"{shown(text)} without {expected}", expected="that placeholder in it", place=place)


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        # Composed, so that a name in it is one whichever way an editor wrote its accents.
        return tomllib.loads(nfc(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", hint="a task is a folder with this file") from error
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, or a number of thousands of digits
        raise InputError(shown(str(error)), expected="a TOML file in UTF-8", place=Place(file)) from error


def _text(table: Mapping[str, Any], key: str, file: Path, where: str = "") -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise _bad(file, where + key, value, "a text")
    return value


def _texts(table: Mapping[str, Any], key: str, file: Path, where: str = "") -> list[str]:
    value = table.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(text, str) and text for text in value):
        raise _bad(file, where + key, value, "a list of texts")
    return value


def _tables(table: Mapping[str, Any], key: str, file: Path) -> list[dict[str, Any]]:
    value = table.get(key)
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise _bad(file, key, value, "a list of tables")
    return value


def _bad(file: Path, field: str, found: object, expected: str) -> InputError:
    return InputError(shown(found), expected=expected, place=Place(file, field=field))
