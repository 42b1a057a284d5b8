"""One family of errors: what was found, where, what was expected, what to do."""

from __future__ import annotations

import copyreg
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class LabeldistError(Exception):
    """Base of every error that labeldist raises on purpose.

    ``message`` says what was found and what was expected, ``hint`` what to do about it.
    ``exit_status`` is the status of a command that ends with this error: 1 for work that
    failed, 2 for wrong usage or input. ``retryable`` tells whether the same call may succeed later.

    >>> print(LabeldistError("no label 'maybe'", hint="use one of: yes, no"))
    no label 'maybe'
      hint: use one of: yes, no
    """

    exit_status = 1
    retryable = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message

    @property
    def in_a_line(self) -> str:
        """Message and hint on one line, for lists of what failed."""
        return f"{self.message}; {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors come from other processes as they are: an exception's own way calls __init__, which differs by kind.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class UsageError(LabeldistError):
    """An option, name or argument that cannot be used."""

    exit_status = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the user's data something was found: file, line (from 1), field; each may be unknown.

    >>> print(Place(Path("items.jsonl"), 3, "labels"))
    items.jsonl, line 3, field 'labels'
    """

    file: Path | None = None
    line: int | None = None
    field: str | None = None

    def at(self, field: str) -> Place:
        """This place, in that field.

        >>> print(Place(Path("items.jsonl"), 3).at("labels"))
        items.jsonl, line 3, field 'labels'
        """
        return Place(self.file, self.line, field)

    def __str__(self) -> str:
        parts = [] if self.file is None else [str(self.file)]
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.field is not None:
            parts.append(f"field {self.field!r}")
        return ", ".join(parts)


class InputError(LabeldistError):
    """Bad data: a row, a field or a file that does not keep the contract.

    >>> print(InputError("'maybe'", expected="one of: yes, no", place=Place(Path("a.jsonl"), 2, "labels")))
    a.jsonl, line 2, field 'labels': found 'maybe', expected one of: yes, no
    """

    exit_status = 2

    def __init__(self, found: str, *, expected: str, place: Place | None = None, hint: str = "") -> None:
        self.found = found
        self.expected = expected
        self.place = place or Place()
        where = str(self.place)
        super().__init__(f"{where + ': ' if where else ''}found {found}, expected {expected}", hint=hint)


class ModelError(LabeldistError):
    """A language model that cannot do, or failed to do, what was asked."""


class UnavailableError(LabeldistError):
    """A language model that is of no use any more, whatever it is asked: key refused, out of reach, budget spent.

    It ends a run where a :class:`ModelError` would end one item's part in it; what was done is kept.
    """


class MissingExtraError(LabeldistError):
    """An optional part is not installed; the hint gives the command that installs it."""

    exit_status = 2

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(
            f"{purpose} needs the optional part {extra!r}, which is not installed",
            hint=f"install it: pip install '.[{extra}]' in a clone of labeldist",
        )


class PluginError(LabeldistError):
    """A part that another distribution adds cannot be used: its import failed, or its name is taken."""

    exit_status = 2


class StoreError(LabeldistError):
    """The file that keeps a run cannot be used."""


class IntegrityError(LabeldistError):
    """A file whose content is not what its checksum promises."""


def shown(value: object, limit: int = 80) -> str:
    """How a bad value is quoted in a message: its repr, cut to ``limit`` characters.

    >>> shown("x" * 200, 10)
    "'xxxxxxxx…"
    """
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
