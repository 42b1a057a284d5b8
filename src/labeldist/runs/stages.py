"""The stages over a stream of items: batched so that memory is bounded, and one item's failure stays its own."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple, TypeVar

from labeldist.core.errors import InputError, ModelError, UsageError
from labeldist.core.item import Explanation, Item
from labeldist.core.task import Task
from labeldist.explanations.condition import Condition
from labeldist.explanations.generate import explain, parsed_explanations
from labeldist.explanations.leave_one_out import without_one
from labeldist.judging.judge import JudgeSettings, judge
from labeldist.judging.pool import Pooled
from labeldist.judging.prompts import WORDS_STYLE
from labeldist.judging.questions import questions
from labeldist.judging.transform import read_transform
from labeldist.judging.validity import MEAN, ORDERS, STATED, Validity, validate
from labeldist.models.base import LanguageModel
from labeldist.runs.ordered import ordered_parallel_map
from labeldist.runs.stage_report import CLEAN, ItemFailure, StageReport

# How much goes to a model in one call: what a kill can cost, and what memory must hold.
ITEMS_PER_GENERATION = 16
PROMPTS_PER_JUDGEMENT = 256
Choose = Callable[[Item], Sequence[Explanation]]
T = TypeVar("T")
R = TypeVar("R")


class Asked(NamedTuple):
    """What a judge is asked of an item: with which explanations.

    ``hidden``: these are the explanations that there would be had one annotator with that label not been asked.
    ``by_labels``: whether the item's labels decided which explanations these are; None: not known.
    """

    item: Item
    explanations: Sequence[Explanation]
    hidden: str | None = None
    by_labels: bool | None = False


@dataclass(frozen=True, slots=True)
class Generation:
    """How explanations are generated: at most ``max_new_tokens`` each (None: what suits the model); greedy at 0."""

    max_new_tokens: int | None = None
    temperature: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise UsageError(f"temperature {self.temperature} of generation", hint="give a number of at least 0")


def explain_items(
    items: Iterable[Item],
    task: Task,
    model: LanguageModel,
    generation: Generation,
    report: StageReport,
    *,
    profile: str | None = None,
) -> Iterator[Item]:
    """The items with the model's raw answers added, and the explanations that a parser ``profile`` finds in them.

    An item that the model fails on is named in the failures; ``report`` notes those of which most text was dropped.
    """

    def ask(batch: Sequence[Item]) -> list[Item]:
        return explain(batch, task, model, **asdict(generation))

    at_once = model.capabilities.at_once
    for _, answered in _one_by_one_on_failure(_batches(items), ask, "explain", report, lambda item: item.id, at_once):
        found = (
            e for e in parsed_explanations(answered, model.name, profile or CLEAN) if e not in answered.explanations
        )
        report.look_at(answered, model.name, profile)
        yield replace(answered, explanations=(*answered.explanations, *found))


def explanation_pool(source: str, profile: str | None, report: StageReport | None = None) -> Choose:
    """What gives an item's explanations from ``source``.

    Explanations that the item carries from that source come first, since a person may have reviewed them; where
    it has none, or a parser ``profile`` is named, its raw answers are parsed; ``report`` notes items of which most text
    was dropped.
    """

    def of(item: Item) -> tuple[Explanation, ...]:
        carried = tuple(e for e in item.explanations if e.source == source)
        if carried and profile is None:
            return carried
        if report is not None:
            report.look_at(item, source, profile)
        return parsed_explanations(item, source, profile or CLEAN)

    return of


def choose_explanations(
    items: Iterable[Item],
    task: Task,
    condition: Condition,
    of_pool: Choose,
    seed: int,
    report: StageReport,
) -> Iterator[Asked]:
    """Each item with the explanations that ``condition`` puts before the judge."""
    for item in items:
        try:
            yield Asked(item, condition.choose(item, of_pool(item), task, seed=seed), by_labels=condition.saw_labels)
        except ModelError as error:
            report.failures.append(ItemFailure(item.id, f"select {condition.name}", error.in_a_line))
        except InputError as error:
            if report.on_error == "stop":
                raise
            report.failures.append(ItemFailure(item.id, f"select {condition.name}", error.in_a_line))


def with_leave_one_out(asked: Iterable[Asked]) -> Iterator[Asked]:
    """Each item, and again for each label that it is explained with, one explanation of that label left out."""
    for one in asked:
        yield one
        for label in dict.fromkeys(explanation.label for explanation in one.explanations):
            yield Asked(one.item, without_one(one.explanations, label), label, one.by_labels)


def with_their_leave_one_out(
    judged: Iterable[tuple[Asked, Pooled]],
) -> Iterator[tuple[Asked, Pooled, dict[str, Pooled]]]:
    """What was asked by :func:`with_leave_one_out`, an item at a time: its MJD, and by label those with one left out.

    A label that an annotator gave and no explanation is for changes nothing, so the item's MJD stands for it. Nothing
    is held out of an item of which one such question failed, nor of one with more explanations of a label than
    annotators of it: the others would still tell of the one who is hidden. An item whose own MJD failed is not there.
    Failures are on record.
    """
    for _, group in itertools.groupby(judged, key=lambda pair: pair[0].item.id):
        (one, pooled), *rest = group
        if one.hidden is not None:
            continue
        hidden = {asked.hidden: mjd for asked, mjd in rest if asked.hidden is not None}
        explained = Counter(explanation.label for explanation in one.explanations)
        given = one.item.votes()
        complete = hidden.keys() == explained.keys() and explained <= given
        # In the order of the labels given, not of a set, which differs from one process to the next.
        unchanged = {label: pooled for label in given if label not in explained}
        yield one, pooled, hidden | unchanged if complete else {}


def check_words(items: Iterable[Item], task: Task, model: LanguageModel, settings: JudgeSettings) -> None:
    """Ask one question about the first of ``items`` where options answer by their words, which may begin alike.

    Raises :class:`~labeldist.core.errors.UnavailableError` where they do, before anything else is paid for.
    """
    settings = settings.for_model(model, len(task.labels))
    item = next(iter(items), None)
    if settings.style == WORDS_STYLE and item is not None:
        with suppress(ModelError):  # of this item, which will be named among the failures
            judge([(item, ())], task, model, replace(settings, orders="balanced:1"))


def judge_items(
    asked: Iterable[Asked], task: Task, model: LanguageModel, settings: JudgeSettings, report: StageReport, stage: str
) -> Iterator[tuple[Asked, Pooled]]:
    """The MJD of each item; an item that the model fails on is named in the failures."""
    settings = settings.for_model(model, len(task.labels))

    def ask(batch: Sequence[Asked]) -> list[Pooled]:
        return judge([(one.item, one.explanations) for one in batch], task, model, settings)

    paraphrases, samples = settings.paraphrases_of(task), settings.samples or 1

    def cost(one: Asked) -> int:
        asked = questions(settings.orders, len(one.explanations), len(task.labels), paraphrases, settings.seed)
        return len(asked) * samples

    def whole(batch: Sequence[Asked]) -> int:
        return sum(one.hidden is None for one in batch)

    batches = _batches(asked, cost, PROMPTS_PER_JUDGEMENT)
    at_once = model.capabilities.at_once
    yield from _one_by_one_on_failure(batches, ask, stage, report, lambda one: one.item.id, at_once, whole)


def validate_items(
    asked: Iterable[Asked], task: Task, model: LanguageModel, settings: JudgeSettings, report: StageReport, stage: str
) -> Iterator[tuple[Asked, Validity]]:
    """How valid each item's explanations are; an item that the model fails on, or that lacks some, is named."""
    transform, stated = read_transform(settings.transform), settings.style == STATED
    samples = settings.samples or 1

    def ask(batch: Sequence[Asked]) -> list[Validity]:
        pairs = [(one.item, one.explanations) for one in batch]
        per_label, seed = settings.per_label or MEAN, settings.seed
        return validate(pairs, task, model, transform, stated=stated, per_label=per_label, samples=samples, seed=seed)

    def cost(one: Asked) -> int:
        return len(one.explanations) * (samples if stated else len(ORDERS))

    batches = _batches(asked, cost, PROMPTS_PER_JUDGEMENT)
    at_once = model.capabilities.at_once
    yield from _one_by_one_on_failure(batches, ask, stage, report, lambda one: one.item.id, at_once)


def _batches(
    stream: Iterable[T], cost: Callable[[T], int] = lambda _: 1, most: int = ITEMS_PER_GENERATION
) -> Iterator[list[T]]:
    """The stream cut where the next element would cost too much; the cuts depend on the stream alone.

    That is what makes an interrupted run, when it resumes, ask the model in the very same batches.
    """
    batch: list[T] = []
    spent = 0
    for element in stream:
        price = cost(element)
        if batch and spent + price > most:
            yield batch
            batch, spent = [], 0
        batch.append(element)
        spent += price
    if batch:
        yield batch


def _one_by_one_on_failure(
    batches: Iterable[list[T]],
    ask: Callable[[Sequence[T]], list[R]],
    stage: str,
    report: StageReport,
    id_of: Callable[[T], str],
    at_once: int,
    items_in: Callable[[Sequence[T]], int] = len,
) -> Iterator[tuple[T, R]]:
    """Ask for whole batches, ``at_once`` of them at a time; one that fails is asked again one by one, to find whose
    failure it is.

    ``items_in`` counts the items of a batch for the progress.
    """

    def answered(batch: list[T]) -> tuple[list[T], list[tuple[T, R]], list[ItemFailure]]:
        failures: list[ItemFailure] = []
        try:
            return batch, list(zip(batch, ask(batch), strict=True)), failures
        except ModelError:
            alone = (_alone(one, ask, stage, failures, id_of) for one in batch)
            return batch, list(itertools.chain.from_iterable(alone)), failures

    for batch, pairs, failures in ordered_parallel_map(answered, batches, at_once):
        report.failures.extend(failures)
        yield from pairs
        report.progress(stage, items_in(batch), report.items)


def _alone(
    one: T, ask: Callable[[Sequence[T]], list[R]], stage: str, failures: list[ItemFailure], id_of: Callable[[T], str]
) -> list[tuple[T, R]]:
    try:
        return [(one, ask([one])[0])]
    except ModelError as error:
        failures.append(ItemFailure(id_of(one), stage, error.in_a_line))
        return []
