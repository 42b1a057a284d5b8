"""Labels without a task: all that estimating, evaluating and planning need, since they ask no model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from labeldist.core.errors import UsageError, shown
from labeldist.core.spelling import folded, nfc
from labeldist.core.task import NOMINAL, ORDINAL, Label, Task

NAME = "labels"
SCALES = (NOMINAL, ORDINAL)


def labels_task(names: Sequence[str], *, scale: str = NOMINAL) -> Task:
    """A task with these label names, in this order, and no prompts and no texts.

    On an ordinal ``scale`` numbers stand for themselves, other names for their place. Raises :class:`UsageError` for
    fewer than two names, a name twice (in any case), and a scale of another name.

    >>> labels_task(["low", "high"], scale="ordinal").values, labels_task(["1", "5"], scale="ordinal").values
    ((0.0, 1.0), (1.0, 5.0))
    """
    if scale not in SCALES:
        raise UsageError(f"scale {scale!r}", hint=f"use one of: {', '.join(SCALES)}")
    names = [nfc(name.strip()) for name in names]
    if len(names) < 2 or not all(names):
        raise UsageError(f"labels {shown(names)}", hint="name two or more, with commas between them: toxic,ok")
    twice = next((name for at, name in enumerate(names) if folded(name) in map(folded, names[:at])), None)
    if twice is not None:
        raise UsageError(f"label {twice!r} twice", hint="case and spaces make no difference: name each label once")
    values = as_numbers(names) or [float(place) for place in range(len(names))]
    labels = tuple(
        Label(name, name, {}, value=value if scale == ORDINAL else None)
        for name, value in zip(names, values, strict=True)
    )
    return Task(NAME, "Labels without a task", "", (), labels, "", {}, scale=scale)


def without_texts(task: Task) -> Task:
    """The labels of ``task`` for readers that need no text."""
    return task if not task.fields else replace(task, fields=())


def as_numbers(names: Sequence[str]) -> list[float] | None:
    """The values of names that are all numbers; else None.

    >>> as_numbers(["1", "-2", "3.5"]), as_numbers(["1", "many"]), as_numbers(["1", "nan"])
    ([1.0, -2.0, 3.5], None, None)
    """
    try:
        values = [float(name) for name in names]
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) else None
