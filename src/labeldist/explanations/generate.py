"""Asks a model for explanations, and reads them back from the answers that an item keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from labeldist.core.errors import ModelError
from labeldist.core.item import Answer, Explanation, Item
from labeldist.core.task import Task
from labeldist.explanations.parse import parse
from labeldist.explanations.prompts import explain_prompt
from labeldist.models.base import LanguageModel, in_order


def explain(
    items: Sequence[Item],
    task: Task,
    model: LanguageModel,
    *,
    max_new_tokens: int | None = None,
    temperature: float = 0.0,
    seed: int = 0,
    labels: Sequence[str] | None = None,
) -> list[Item]:
    """The items with the model's raw answer for each label (or each of ``labels``) added; its source is ``model.name``.

    All prompts go to the model in one call, item by item: the caller makes the batches. ``max_new_tokens`` None means
    what suits the model (the paper has 256). Answers that an item already has are kept, and an answer exactly like
    one of them is not added again. Raises :class:`ModelError` where the model cannot generate or returns another
    number of answers than it was asked.
    """
    names = task.label_names if labels is None else tuple(dict.fromkeys(task.canonical(label) for label in labels))
    if not model.capabilities.generate:
        raise ModelError(f"{model.name} does not generate text", hint="ask another model for the explanations")
    asked = [(item, name) for item in items for name in names]
    if not asked:
        return list(items)
    portions = model.write(
        [explain_prompt(task, item, name) for item, name in asked],
        max_new_tokens=max_new_tokens or model.max_new_tokens,
        temperature=temperature,
        seed=seed,
    )
    written = in_order(portions, len(asked), model.name)
    answers = [Answer(one.text, name, model.name) for (_, name), one in zip(asked, written, strict=True)]
    rows = [answers[start : start + len(names)] for start in range(0, len(answers), len(names))]
    return [
        replace(item, answers=(*item.answers, *(answer for answer in row if answer not in item.answers)))
        for item, row in zip(items, rows, strict=True)
    ]


def parsed_explanations(item: Item, source: str, profile: str = "clean") -> tuple[Explanation, ...]:
    """The explanations in the item's answers of ``source``, as the parser ``profile`` finds them.

    >>> parsed_explanations(Item("1", {}, answers=(Answer("- It rains.\\n- It pours.", "yes", "m"),)), "m")[1]
    Explanation(text='It pours.', label='yes', source='m')
    """
    return tuple(
        Explanation(text, answer.label, source)
        for answer in item.answers
        if answer.source == source
        for text in parse(answer.text, profile)
    )
