"""The judge stage: items with their chosen explanations in, model judgment distributions out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from labeldist.core.distribution import OptionScores
from labeldist.core.errors import UsageError
from labeldist.core.item import Explanation, Item
from labeldist.core.task import Task
from labeldist.judging.average import LINEAR
from labeldist.judging.orders import Order, further_orders, orders
from labeldist.judging.pool import Pooled, pool_alike
from labeldist.judging.pool_said import pool_said
from labeldist.judging.prompts import JudgePrompt, judge_prompts
from labeldist.judging.questions import in_paraphrases
from labeldist.judging.scoring import option_scores
from labeldist.judging.settings import JudgeSettings
from labeldist.judging.transform import read_transform
from labeldist.judging.validity import VALIDITY_STYLES
from labeldist.judging.verbalised import STYLE, Said, said_shares
from labeldist.models.base import LanguageModel

__all__ = ["JudgeSettings", "judge"]

Due = Mapping[int, Sequence[Order]]  # by place among the items: the orders to be asked so far


def judge(
    asked: Sequence[tuple[Item, Sequence[Explanation]]],
    task: Task,
    model: LanguageModel,
    settings: JudgeSettings,
) -> list[Pooled]:
    """The MJD of each item, given the explanations to show with it.

    ``asked`` is one batch: the caller decides how much is computed at a time. All its prompts go to the model in one
    call; with ``auto:SE`` orders, those of the items that are not precise enough follow in further calls. Which orders
    an item gets depends on its own answers, never on the batch. Source: arXiv 2412.13942, section 3. In the answer
    style ``verbalised`` the model says the distribution itself (:mod:`labeldist.judging.verbalised`), in several
    paraphrases of the question (:mod:`labeldist.judging.questions`).

    >>> from labeldist.models.scripted import Scripted
    >>> from labeldist.tasks.load import load_task
    >>> item = Item("1", {"premise": "It rains.", "hypothesis": "It is wet."})
    >>> [mjd] = judge([(item, [])], load_task("nli"), Scripted(), JudgeSettings())
    >>> mjd.orders, round(sum(mjd.distribution.probabilities), 6)
    (6, 1.0)
    """
    settings = settings.for_model(model, len(task.labels))
    if settings.style in VALIDITY_STYLES:
        raise UsageError(
            f"a distribution by answers in {settings.style}",
            hint="it is asked of explanations, not of items: labeldist judge --answers validity",
        )
    paraphrases = settings.paraphrases_of(task)
    questions = partial(in_paraphrases, paraphrases=paraphrases, spec=settings.orders)
    answers: list[list[Any]] = [[] for _ in asked]
    pooled: dict[int, Pooled] = {}
    due: Due = {
        at: orders(settings.orders, len(explanations), len(task.labels), seed=settings.seed)
        for at, (_, explanations) in enumerate(asked)
    }
    while due:
        prompts: list[JudgePrompt] = []
        fresh: dict[int, int] = {}
        for at, wanted in due.items():
            more = questions(wanted)[len(answers[at]) :]
            fresh[at] = len(more)
            prompts += judge_prompts(
                task,
                *asked[at],
                [one.order for one in more],
                style=settings.style,
                explicit=settings.explicit,
                paraphrases=[one.paraphrase for one in more],
            )
        found = iter(_ask(model, prompts, task, settings))
        for at, count in fresh.items():
            answers[at] += islice(found, count)
        pooled |= _pooled(due, answers, task, settings, paraphrases)
        further = {at: further_orders(settings.orders, due[at], pooled[at].standard_error, settings.seed) for at in due}
        due = {at: wanted for at, wanted in further.items() if len(wanted) > len(due[at])}
    return [pooled[at] for at in range(len(asked))]


def _ask(
    model: LanguageModel, prompts: Sequence[JudgePrompt], task: Task, settings: JudgeSettings
) -> Sequence[OptionScores] | Sequence[Sequence[Said]]:
    """The answer to each prompt, in the style of the settings."""
    if settings.style != STYLE:
        return option_scores(model, prompts, task.label_names)
    return said_shares(model, prompts, len(task.labels), samples=settings.samples or 1, seed=settings.seed)


def _pooled(
    due: Due, answers: Sequence[Sequence[Any]], task: Task, settings: JudgeSettings, paraphrases: int
) -> dict[int, Pooled]:
    """The MJDs by place in ``answers``; those of items that were asked under the same orders are made together."""
    if settings.style == STYLE:
        how = settings.average or LINEAR
        return {
            at: pool_said(answers[at], in_paraphrases(wanted, paraphrases, settings.orders), task.label_names, how)
            for at, wanted in due.items()
        }
    transform = read_transform(settings.transform)
    alike: dict[tuple[int, int], list[int]] = {}
    for at, wanted in due.items():
        alike.setdefault((len(wanted[0].explanations), len(wanted)), []).append(at)
    pooled: dict[int, Pooled] = {}
    for places in alike.values():
        found = pool_alike([answers[at] for at in places], transform, due[places[0]])
        pooled |= zip(places, found, strict=True)
    return pooled
