"""The judge stage: items with their chosen explanations in, model judgment distributions out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from labeldist.core.errors import UsageError
from labeldist.core.item import Explanation, Item
from labeldist.core.task import Task
from labeldist.judge.orders import orders
from labeldist.judge.pool import Pooled, pool
from labeldist.judge.prompts import judge_prompt
from labeldist.judge.scoring import option_scores
from labeldist.judge.transform import read_transform
from labeldist.models.base import LanguageModel


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """How to ask and how to pool. ``auto`` for ``style`` and ``transform`` means what suits the model."""

    orders: str = "balanced:12"
    style: str = "auto"
    transform: str = "auto"
    explicit: bool = False
    seed: int = 0

    def for_model(self, model: LanguageModel) -> JudgeSettings:
        """These settings with the model's own style and transform filled in, checked against what it can do."""
        style = model.answer_style if self.style == "auto" else self.style
        spec = model.transform if self.transform == "auto" else self.transform
        if read_transform(spec).needs_raw_logits and not model.capabilities.raw_logits:
            raise UsageError(
                f"transform {spec!r} needs raw logits, and model {model.name!r} gives log-probabilities only",
                hint="use softmax:T",
            )
        return replace(self, style=style, transform=spec)


def judge(
    asked: Sequence[tuple[Item, Sequence[Explanation]]],
    task: Task,
    model: LanguageModel,
    settings: JudgeSettings,
) -> list[Pooled]:
    """The MJD of each item, given the explanations to show with it; all prompts go to the model in one call.

    ``asked`` is one batch: the caller decides how much is computed at a time. Source: arXiv 2412.13942, section 3.

    >>> from labeldist.models.scripted import Scripted
    >>> from labeldist.tasks.load import load_task
    >>> item = Item("1", {"premise": "It rains.", "hypothesis": "It is wet."})
    >>> [mjd] = judge([(item, [])], load_task("nli"), Scripted(), JudgeSettings())
    >>> mjd.orders, round(sum(mjd.distribution.probabilities), 6)
    (6, 1.0)
    """
    settings = settings.for_model(model)
    prompts = [
        [
            judge_prompt(task, item, explanations, order, style=settings.style, explicit=settings.explicit)
            for order in orders(settings.orders, len(explanations), len(task.labels), seed=settings.seed)
        ]
        for item, explanations in asked
    ]
    flat = option_scores(model, list(itertools.chain.from_iterable(prompts)), task.label_names)
    transform = read_transform(settings.transform)
    scores = iter(flat)
    return [pool(list(itertools.islice(scores, len(of_item))), transform) for of_item in prompts]
