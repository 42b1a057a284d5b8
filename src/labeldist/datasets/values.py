"""Checks of single values in a row: a text that says something, the label that it names, no key but known ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, cast

from labeldist.core.errors import InputError, Place, shown
from labeldist.core.task import Task


def is_plain(found: Any) -> bool:
    """Whether ``found`` is a text that says something and holds nothing to look at twice: so are nearly all."""
    return type(found) is str and found.isascii() and "\0" not in found and not found.isspace() and bool(found)


def text_of(found: Any, expected: str, place: Place) -> str:
    """A text that says something."""
    text = string_of(found, expected, place)
    if not text.strip():
        refuse(shown(text), expected, place)
    if "\0" in text:
        refuse(f"a NUL character in {shown(text)}", "a text without NUL characters", place)
    return text


def string_of(found: Any, expected: str, place: Place) -> str:
    """Any text that can be written back."""
    if not isinstance(found, str):
        refuse("nothing" if found is None else shown(found), expected, place)
    try:
        found.encode("utf-8")
    except UnicodeEncodeError:
        refuse(f"half a surrogate pair in {shown(found)}", "a text that UTF-8 can hold", place)
    return found


def label_of(found: Any, task: Task, place: Place, where: str = "", number: int = 0) -> str:
    """The task's own name of a label; ``where`` with the ``number`` of an entry says where it stands."""
    if type(found) is str and (known := task.memo.get(found)) is not None:
        return cast(str, known)
    where = where.format(number)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    expected = f"one of: {', '.join(task.label_names)}"
    if not isinstance(found, str):
        refuse(f"label {shown(found)}{where}", expected, place)
    try:
        return task.canonical(found)
    except InputError as error:
        raise InputError(f"label {shown(found)}{where}", expected=error.expected, place=place) from None


def only_keys(entry: Mapping[str, Any], known: tuple[str, ...], of: object, place: Place) -> None:
    """Refuse an entry, the one called ``of``, with any key but the known ones."""
    for key in entry:
        if key not in known:
            refuse(f"key {shown(key)} in entry {shown(of)}", f"only: {', '.join(known)}", place)


def refuse(found: str, expected: str, place: Place) -> NoReturn:
    """Raise :class:`InputError`."""
    raise InputError(found, expected=expected, place=place)
