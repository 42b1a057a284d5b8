"""The prompt that asks a model for the reasons that speak for one label of one item."""

from __future__ import annotations

from labeldist.core.errors import InputError
from labeldist.core.item import Item
from labeldist.core.task import Task


def explain_prompt(task: Task, item: Item, label: str) -> str:
    """The task's explanation prompt with the fields of ``item`` and ``label`` (a name or an alias) verbalised.

    Field texts go in as they are, braces included. Raises :class:`InputError` for a field that the item lacks
    and for an unknown label.

    >>> from labeldist.tasks.load import load_task
    >>> item = Item("1", {"premise": "A {dog} runs.", "hypothesis": "A cat sits."})
    >>> explain_prompt(load_task("nli"), item, "c").splitlines()[1]
    'Context: A {dog} runs. '
    """
    missing = [name for name in task.fields if name not in item.fields]
    if missing:
        raise InputError(
            f"no field {missing[0]!r} in item {item.id!r}", expected=f"the fields {', '.join(task.fields)}"
        )
    name = task.canonical(label)
    verbalised = next(known.verbalised for known in task.labels if known.name == name)
    fields = {name: item.fields[name] for name in task.fields}
    return task.explain_prompt.format(**{**fields, "label": verbalised})
