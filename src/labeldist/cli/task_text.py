"""A task as ``labeldist tasks`` shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labeldist.core.item import Item
from labeldist.core.task import LETTERS, Task


def facts(task: Task) -> dict[str, Any]:
    """Machine-readable."""
    return {
        "name": task.name,
        "title": task.title,
        "language": task.language,
        "scale": task.scale,
        "fields": task.fields,
        "labels": [
            {"name": one.name, "aliases": one.aliases, "verbalised": one.verbalised, "value": one.value}
            for one in task.labels
        ],
        "styles": list(task.judge_prompts),
    }


def example_prompts(task: Task) -> Iterator[tuple[str, str]]:
    """What a model is asked about the example of the task, with what for; nothing where it has no example."""
    from labeldist.explanations.prompts import explain_prompt
    from labeldist.judging.orders import orders
    from labeldist.judging.prompts import judge_prompt

    if task.example is None:
        return
    item = Item("example", task.example)
    yield f"To explain {task.label_names[0]!r}", explain_prompt(task, item, task.label_names[0])
    order = orders("balanced:1", 0, len(task.labels))[0]
    for style in task.judge_prompts:
        if style != "letters" or len(task.labels) <= len(LETTERS):
            yield f"To judge, answered in {style}", judge_prompt(task, item, [], order, style=style).text
