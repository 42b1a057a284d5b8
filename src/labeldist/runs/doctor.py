"""What a model can do, shown on one known prompt, and what a whole source would cost with it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Explanation, Item
from labeldist.core.task import Task
from labeldist.datasets.source import Dataset
from labeldist.estimation.estimate import estimate_from
from labeldist.estimation.observations import observe
from labeldist.estimation.priors import usable
from labeldist.estimation.savings import Savings
from labeldist.explanations.condition import Condition
from labeldist.explanations.leave_one_out import without_one
from labeldist.explanations.prompts import explain_prompt
from labeldist.judging.judge import JudgeSettings
from labeldist.judging.orders import orders
from labeldist.judging.prompts import JudgePrompt, judge_prompt, judge_prompts
from labeldist.judging.questions import most_questions
from labeldist.judging.validity import (
    ORDERS,
    STATED,
    VALIDITY,
    VALIDITY_STYLES,
    read_per_cent,
    stated_prompt,
    validity_prompts,
)
from labeldist.judging.verbalised import STYLE, most_new_tokens, read_shares, verbalised_answers
from labeldist.models.base import LanguageModel, Question, in_order
from labeldist.runs.survey import conditions_of, needs_pool, survey

# A text as long as explanations are, for prompts whose explanations nobody has written yet.
PLACEHOLDER = "What is asked goes beyond what the text says, which leaves it open what to make of it."
RENDERED = 50
REASONS = 4  # of each label, where they are not written yet


@dataclass(frozen=True, slots=True)
class Health:
    """What a model can do, and how it answered one known prompt.

    ``scores``: how well the scores of answers are known (``exact``, ``top``, ``sampled:N``). ``answer_mass``: the
    probability of all the answers together. ``unlisted``: options of which only an upper bound is known. Of a model
    that says the distribution in words ``readable`` tells instead whether it could be read (None for all others), and
    the answer mass is None. ``seconds``: what one question took, sent alone, when the model was warm.
    ``prompt_tokens``, ``new_tokens``: of that question.
    """

    model: str
    revision: str
    scores: str
    raw_logits: bool
    generates: bool
    answers: str
    transform: str
    answer_mass: float | None
    unlisted: int
    readable: bool | None
    seconds: float
    prompt_tokens: int
    new_tokens: int
    tokens_per_byte: float
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a source would take: items, calls and about so many tokens, of all items together.

    ``new_tokens`` counts every explanation at its longest, and every distribution that is said in words. Of validity,
    four explanations of each label are assumed.
    """

    items: int
    conditions: tuple[str, ...]
    judge_calls: int
    explain_calls: int
    prompt_tokens: float
    new_tokens: float

    @property
    def calls(self) -> int:
        """All of them."""
        return self.judge_calls + self.explain_calls


def examine(model: LanguageModel, task: Task, settings: JudgeSettings, item: Item | None = None) -> Health:
    """Ask ``model`` one question about ``item`` (the task's example where there is none), twice in different orders.

    Raises :class:`UsageError` where there is neither, and what the model raises where it does not answer.

    >>> from labeldist.models.scripted import Scripted
    >>> from labeldist.tasks.load import load_task
    >>> examine(Scripted(), load_task("nli"), JudgeSettings()).scores
    'exact'
    """
    settings = settings.for_model(model, len(task.labels))
    if item is None and task.example is None:
        raise UsageError(
            f"task {task.name!r} has no example to ask about",
            hint="name a SOURCE of items, or add a table [example] with a text for each field to the task.toml",
        )
    shown = Item("example", task.example or {}) if item is None else item
    first, second = _questions(task, shown, settings)
    ask = _told if settings.style in (STYLE, STATED) else _scored
    ask(model, first)
    began = time.perf_counter()
    reply = ask(model, second)
    seconds = time.perf_counter() - began
    able = model.capabilities
    return Health(
        model=model.name,
        revision=model.revision,
        scores=able.scores,
        raw_logits=able.raw_logits,
        generates=able.generate,
        answers=settings.style,
        transform=settings.transform,
        answer_mass=reply.answer_mass,
        unlisted=reply.unlisted,
        readable=reply.readable,
        seconds=seconds,
        prompt_tokens=reply.prompt_tokens,
        new_tokens=reply.new_tokens,
        tokens_per_byte=reply.prompt_tokens / len(second.text.encode()),
        notes=able.notes,
    )


def _questions(task: Task, item: Item, settings: JudgeSettings) -> list[JudgePrompt]:
    """Two questions about an item."""
    if settings.style in VALIDITY_STYLES:
        reason = Explanation(PLACEHOLDER, task.label_names[0], "nobody")
        if settings.style == VALIDITY:
            return validity_prompts(task, item, reason)
        return [JudgePrompt(stated_prompt(task, item, replace(reason, label=x)), ()) for x in task.label_names[:2]]
    two = orders("balanced:2", 0, len(task.labels))
    return judge_prompts(task, item, [], two, style=settings.style, explicit=settings.explicit)


def cost_of(
    dataset: Dataset, specs: Sequence[str], settings: JudgeSettings, model: LanguageModel, health: Health
) -> Cost:
    """What ``labeldist run`` would ask of each item of ``dataset``, by conditions ``specs``; nothing is asked.

    Calls are counted over all items, of ``auto:SE`` orders the most that they may take; tokens by the length of the
    prompts of the first fifty, at the density that
    ``health`` found.
    """
    settings = settings.for_model(model, len(dataset.task.labels))
    found = survey(dataset)
    conditions = conditions_of(specs, found, settings.style)
    task = dataset.task
    reasons = len(task.labels) if needs_pool(conditions) else 0
    judged = size = rendered = rendered_calls = 0
    for item in dataset.items():
        asked = [one for condition in conditions for one in _asked(condition, item, task, settings)]
        counts = [count for count, _ in asked]
        judged += sum(counts)
        if rendered < RENDERED:
            rendered += 1
            rendered_calls += sum(counts) + reasons
            size += sum(count * bytes_of() for count, bytes_of in asked)
            size += sum(len(explain_prompt(task, item, name).encode()) for name in task.label_names[:reasons])
    calls = judged + found.items * reasons
    each = most_new_tokens(model, len(task.labels)) if settings.style == STYLE else health.new_tokens
    return Cost(
        items=found.items,
        conditions=tuple(condition.name for condition in conditions),
        judge_calls=judged,
        explain_calls=found.items * reasons,
        prompt_tokens=size / max(rendered_calls, 1) * calls * health.tokens_per_byte,
        new_tokens=judged * each + found.items * reasons * model.max_new_tokens,
    )


@dataclass(frozen=True, slots=True)
class Saved:
    """The labels per item that evidence saves: of all that the items carry, then each of several; and in words.

    Empty where there is none that the labels can weigh: the ``words`` say how to find out.
    """

    savings: tuple[Savings, ...]
    words: tuple[str, ...]


def saved_by_evidence(dataset: Dataset) -> Saved | None:
    """What the evidence that the items of ``dataset`` carry saves; None where they have no labels. Nothing is asked."""
    observed = observe(dataset.items(), dataset.task.label_names)
    if not observed.counts.any():
        return None
    weighed = tuple(one for one in observed.evidence if usable(one, observed.counts))
    if not weighed:
        unknown = (
            "How many labels this model saves is not known before it has judged some of the items: "
            f"`labeldist run {dataset.name} --limit 100` tells."
        )
        return Saved((), (unknown,))
    known = estimate_from(replace(observed, evidence=weighed)).calibration
    names = ", ".join(one.name for one in weighed)
    return Saved(known.saves, (f"Evidence that the items carry: {names}.", *known.in_words()))


class _Reply(NamedTuple):
    """What one question showed, as :class:`Health` has it."""

    prompt_tokens: int
    new_tokens: int
    answer_mass: float | None = None
    unlisted: int = 0
    readable: bool | None = None


def _scored(model: LanguageModel, prompt: JudgePrompt) -> _Reply:
    scores = in_order(model.answer_scores([Question(prompt.text, prompt.answers)]), 1, model.name)[0]
    mass = math.fsum(math.exp(logit - scores.log_total) for logit in scores.logits)
    return _Reply(scores.prompt_tokens, scores.new_tokens, mass, scores.unlisted)


def _told(model: LanguageModel, prompt: JudgePrompt) -> _Reply:
    written = verbalised_answers(model, [prompt], len(prompt.options))[0]
    read = read_shares(written.text, prompt.options) if prompt.options else read_per_cent(written.text)
    readable = read is not None
    return _Reply(written.prompt_tokens, written.new_tokens, readable=readable)


def _asked(
    condition: Condition, item: Item, task: Task, settings: JudgeSettings
) -> list[tuple[int, Callable[[], int]]]:
    """How many questions a run asks of an item about the same texts, each with how many bytes they have."""
    samples = settings.samples or 1
    if condition.guide == VALIDITY:
        stated = settings.style == STATED
        each = REASONS * (samples if stated else len(ORDERS))
        reasons = [Explanation(PLACEHOLDER, label, "nobody") for label in task.label_names]
        return [(each, partial(_bytes, validity_prompts(task, item, one)[0])) for one in reasons]
    paraphrases = settings.paraphrases_of(task)
    return [
        (
            most_questions(settings.orders, len(one), len(task.labels), paraphrases) * samples,
            partial(_size, task, item, one, settings),
        )
        for one in _shown(condition, item, task)
    ]


def _bytes(prompt: JudgePrompt) -> int:
    return len(prompt.text.encode())


def _shown(condition: Condition, item: Item, task: Task) -> list[list[Explanation]]:
    """What the judge would see of an item, and again with one explanation of each label left out, as a run asks."""
    try:
        labels = condition.wanted(item, task)
    except InputError:
        return []  # the item will be a failure of this condition
    whole = [Explanation(PLACEHOLDER, label, "nobody") for label in labels]
    leave_one_out = dict.fromkeys(labels) if condition.saw_labels else {}
    return [whole, *(list(without_one(whole, label)) for label in leave_one_out)]


def _size(task: Task, item: Item, explanations: Sequence[Explanation], settings: JudgeSettings) -> int:
    order = orders("balanced:1", len(explanations), len(task.labels))[0]
    return _bytes(judge_prompt(task, item, explanations, order, style=settings.style, explicit=settings.explicit))
