"""Single stages over a source. What they make goes to a sink, such as a file; finished calls are kept, to resume."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from labeldist.calls.recorded import Recorded
from labeldist.core.errors import InputError, Place, UsageError
from labeldist.core.item import Explanation, Item
from labeldist.datasets.files import write_items, write_rows
from labeldist.datasets.read_report import ReadReport
from labeldist.datasets.source import Dataset
from labeldist.explanations.condition import HUMAN, NONE, VALIDITY, Condition, parse_condition
from labeldist.judging.judge import JudgeSettings
from labeldist.judging.orders import read_orders
from labeldist.judging.validity import VALIDITY_STYLES
from labeldist.models.base import LanguageModel
from labeldist.models.batch import Batched
from labeldist.runs.batched import exhaust, in_batches
from labeldist.runs.beside import check_rows_out, failures_of, store_of, write_failures
from labeldist.runs.inputs import inputs_of
from labeldist.runs.judgments import judgments
from labeldist.runs.kept_calls import kept_calls
from labeldist.runs.pilot import Pilot, is_blind, look_first, refuse_pilot
from labeldist.runs.stage_report import Progress, StageReport, silent
from labeldist.runs.stages import (
    SELECTION,
    Asked,
    Generation,
    check_words,
    choose_explanations,
    explain_items,
    explanation_pool,
)
from labeldist.runs.survey import check_orders, check_profile, leaks, needs_pool, survey, told
from labeldist.runs.tally import Tally, model_notes

GIVEN = "given"

Shown = Callable[[Iterator[Item], StageReport], Iterator[Asked]]
Items = Callable[[Iterator[Item]], int]  # takes in all the items, and says how many they were
Rows = Callable[[Iterable[dict[str, Any]]], int]


@dataclass(frozen=True, slots=True)
class StageSummary:
    """What one stage did: rows made, what failed, model calls made and reused, mean answer mass where judged.

    ``store``: totals of all the calls that are kept. ``notes``: what else to know. ``reference_annotators``: whose
    labels are the reference, where annotators are held out. ``files``: what was written.
    """

    rows: int
    failures: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()
    calls_made: int = 0
    calls_reused: int = 0
    answer_mass: dict[str, float | None] = field(default_factory=dict)
    store: dict[str, dict[str, int]] = field(default_factory=dict)
    reference_annotators: str | None = None
    files: tuple[Path, ...] = ()


def explain_source(
    dataset: Dataset,
    model: LanguageModel,
    sink: Items,
    calls: Path | None = None,
    *,
    generation: Generation | None = None,
    profile: str | None = None,
    progress: Progress = silent,
) -> StageSummary:
    """Give ``sink`` the items with the model's raw answers and what the parser ``profile`` finds in them.

    ``calls``: the file that keeps finished calls; None: none does when all is done.
    """
    check_profile(profile)
    read = ReadReport()
    report = StageReport(progress, dataset.on_error, survey(dataset).items)
    with kept_calls(calls, model) as (store, recorded):
        how = generation or Generation()

        def explained(asked: Recorded, read: ReadReport, report: StageReport) -> Iterator[Item]:
            return explain_items(dataset.items(read), dataset.task, asked, how, report, profile=profile)

        def gather(models: Sequence[Recorded]) -> None:
            exhaust(explained(models[0], ReadReport(), StageReport(on_error=dataset.on_error)))

        with in_batches(store, [recorded], gather, progress):
            count = sink(explained(recorded, read, report))
        return StageSummary(
            count,
            (*read.rows(), *report.rows()),
            (*told(dataset), *store.notes, *model_notes([model]), *report.notes(profile)),
            recorded.made,
            recorded.reused,
            store=store.totals(),
            reference_annotators=_reference_note(dataset),
        )


def explain_to_file(
    dataset: Dataset,
    model: LanguageModel,
    out: Path,
    *,
    generation: Generation | None = None,
    profile: str | None = None,
    progress: Progress = silent,
) -> StageSummary:
    """As :func:`explain_source`, to the file ``out``, with its calls and failures beside it."""
    check_profile(profile)
    check_rows_out(out, *dataset.inputs, *inputs_of(models=[model.name]))
    how: dict[str, Any] = {"generation": generation, "profile": profile, "progress": progress}
    return _beside(explain_source(dataset, model, partial(write_items, out), store_of(out), **how), out)


def select_to_file(
    dataset: Dataset,
    condition: Condition,
    out: Path,
    *,
    source: str | None = None,
    profile: str | None = None,
    seed: int = 0,
) -> StageSummary:
    """Write the items with the explanations that ``condition`` chooses from those of ``source``.

    ``source`` None means the only source other than ``human`` that the items have.
    """
    check_profile(profile)
    refuse_validity(condition)
    check_rows_out(out, *dataset.inputs)
    read, report = ReadReport(), StageReport(on_error=dataset.on_error)
    whose = source or _only_source(dataset)
    of_pool = explanation_pool(whose, profile, report)
    note = {"condition": condition.name, "saw_labels": condition.saw_labels}
    chosen = choose_explanations(dataset.items(read), dataset.task, condition, of_pool, seed, report)
    rows = write_items(
        out,
        (
            replace(one.item, explanations=tuple(one.explanations), extra={**one.item.extra, SELECTION: note})
            for one in chosen
        ),
    )
    notes = (*told(dataset), *leaks(dataset, HUMAN in (whose, condition.guide)), *report.notes(profile))
    failures = (*read.rows(), *report.rows())
    return _beside(StageSummary(rows, failures, notes, reference_annotators=_reference_note(dataset)), out)


def judge_source(
    dataset: Dataset,
    model: LanguageModel,
    sink: Rows,
    calls: Path | None = None,
    *,
    explanations: str = GIVEN,
    leave_one_out: bool = False,
    whose: str | None = None,
    settings: JudgeSettings | None = None,
    pilot: int | None = None,
    progress: Progress = silent,
) -> StageSummary:
    """Give ``sink`` a row with the MJD of each item.

    ``explanations``: ``given`` (all that the item carries, in order), ``human`` (those of them), or a condition
    (:func:`~labeldist.explanations.condition.parse_condition`) that chooses from them. ``leave_one_out``: judge each
    item also with one explanation of each label left out, which an estimation from labels needs of explanations that
    labels guided. ``pilot``: stop after so many items where they show that the model is of no use as a judge of them.
    ``calls``: as for :func:`explain_source`. Settings for validity ask about all explanations of one model, ``whose``
    (None: the only one that the items have any of).
    """
    refuse_pilot(pilot, [settings], batched=isinstance(model, Batched))
    settings = (settings or JudgeSettings()).for_model(model, len(dataset.task.labels))
    read, report = ReadReport(), StageReport(progress, dataset.on_error)
    shown = _as_asked(dataset, explanations, whose, settings, leave_one_out=leave_one_out)
    seen = _seen(shown(dataset.items(), StageReport(on_error="skip")))
    if settings.style not in VALIDITY_STYLES:
        check_orders(seen.lengths, dataset, settings)
    tally = Tally(read_orders(settings.orders).target)
    with kept_calls(calls, model) as (store, recorded):

        def judged(model: Recorded, read: ReadReport, report: StageReport) -> Iterator[dict[str, Any]]:
            check_words(dataset.items(), dataset.task, model, settings)
            asked = shown(dataset.items(read), report)
            return judgments(asked, dataset.task, model, settings, report, "judge", leave_one_out=leave_one_out)

        def gather(models: Sequence[Recorded]) -> None:
            exhaust(judged(models[0], ReadReport(), StageReport(on_error=dataset.on_error)))

        first = _look_first(dataset, shown, seen, recorded, settings, pilot, progress)
        with in_batches(store, [recorded], gather, progress):
            count = sink(tally.of(judged(recorded, read, report)))
        return StageSummary(
            count,
            (*read.rows(), *report.rows()),
            (
                *told(dataset),
                *store.notes,
                *model_notes([model]),
                *leaks(dataset, seen.by_people),
                *report.notes(None),
                *tally.notes(explanations),
            ),
            recorded.made,
            recorded.reused - first.asked_again,
            {explanations: tally.answer_mass},
            store.totals(),
            _reference_note(dataset),
        )


def _as_asked(
    dataset: Dataset, explanations: str, whose: str | None, settings: JudgeSettings, *, leave_one_out: bool
) -> Shown:
    """What makes of items what is asked of them."""
    if settings.style in VALIDITY_STYLES:
        return every_explanation(dataset, explanations, whose, leave_one_out=leave_one_out)
    return _shown(dataset, explanations, whose, settings.seed)


def _look_first(
    dataset: Dataset,
    shown: Shown,
    seen: _Seen,
    model: Recorded,
    settings: JudgeSettings,
    gate: int | None,
    progress: Progress,
) -> Pilot:
    """What the first items tell of the judge."""
    asked = shown(dataset.items(), StageReport(on_error="skip"))
    how: dict[str, Any] = {"items": seen.items, "gate": gate, "anyway": seen.by_no_label, "progress": progress}
    return look_first(asked, dataset.task, model, settings, **how)


class _Seen(NamedTuple):
    """How many ``items``, with how many explanations; whether any of these is by people, all chosen by no label."""

    items: int
    lengths: set[int]
    by_people: bool
    by_no_label: bool


def _seen(asked: Iterable[Asked]) -> _Seen:
    lengths, by_people, by_no_label, items = set(), False, True, 0
    for one in asked:
        items += 1
        lengths.add(len(one.explanations))
        by_no_label = by_no_label and is_blind(one)
        by_people = by_people or any(each.source == HUMAN for each in one.explanations)
    return _Seen(items, lengths, by_people, by_no_label)


def judge_to_file(
    dataset: Dataset,
    model: LanguageModel,
    out: Path,
    *,
    explanations: str = GIVEN,
    leave_one_out: bool = False,
    whose: str | None = None,
    settings: JudgeSettings | None = None,
    pilot: int | None = None,
    progress: Progress = silent,
) -> StageSummary:
    """As :func:`judge_source`, to the file ``out``, with its calls and failures beside it."""
    check_rows_out(out, *dataset.inputs, *inputs_of(models=[model.name]))
    how: dict[str, Any] = {"explanations": explanations, "leave_one_out": leave_one_out, "settings": settings}
    how |= {"whose": whose, "pilot": pilot}
    sink = partial(write_rows, out)
    return _beside(judge_source(dataset, model, sink, store_of(out), **how, progress=progress), out)


def every_explanation(dataset: Dataset, explanations: str, whose: str | None, *, leave_one_out: bool) -> Shown:
    """What puts all of an item's explanations by a model before the judge, who is asked about each of them.

    Raises :class:`UsageError` for what that cannot be: explanations by people are of labels that they chose.
    """
    source = whose or (_only_source(dataset) if explanations == GIVEN else explanations)
    if explanations not in (GIVEN, HUMAN) or source == HUMAN:
        raise UsageError(
            f"the validity of {'no explanations' if source == NONE else 'explanations by people'}",
            hint="it is that of a model's explanations of every label (labeldist explain): people explain the labels "
            "that they chose, so that theirs say no more than the labels",
        )
    if leave_one_out:
        raise UsageError("--leave-one-out of validity", hint="leave it out: no label is needed, so none can leak")
    of = partial(explanation_pool, source, None)
    return lambda items, report: (_of_every_label(item, of(report)(item)) for item in items)


def _of_every_label(item: Item, explanations: Sequence[Explanation]) -> Asked:
    """Blind, unless somebody selected them by the item's labels."""
    note = item.extra.get(SELECTION)
    return Asked(item, explanations, by_labels=bool(note.get("saw_labels")) if isinstance(note, dict) else False)


def refuse_validity(condition: Condition) -> None:
    """A stage by itself shows or selects explanations; in validity each is asked about alone."""
    if condition.guide == VALIDITY:
        raise UsageError("explanations 'validity' in a single stage", hint="use labeldist judge --answers validity")


def _shown(dataset: Dataset, explanations: str, whose: str | None, seed: int) -> Shown:
    """What puts each item's explanations before the judge."""
    if whose is not None and explanations in (GIVEN, HUMAN, NONE):
        raise UsageError(f"--from {whose} where the judge sees {explanations}", hint="it is for --answers validity")
    if explanations in (GIVEN, HUMAN):
        return lambda items, _: (_carried(item, explanations) for item in items)
    condition = parse_condition(explanations)
    refuse_validity(condition)
    pool = explanation_pool(whose or _only_source(dataset), None) if needs_pool([condition]) else _nothing
    return lambda items, report: choose_explanations(items, dataset.task, condition, pool, seed, report)


def _nothing(_: Item) -> Sequence[Explanation]:
    return ()


def _carried(item: Item, explanations: str) -> Asked:
    """The explanations that the item carries, with what is noted of how they were selected."""
    shown = tuple(e for e in item.explanations if explanations == GIVEN or e.source == HUMAN)
    note = item.extra.get(SELECTION)
    saw = note.get("saw_labels") if explanations == GIVEN and isinstance(note, dict) else None
    by_labels = saw if isinstance(saw, bool) else None
    return Asked(item, shown, by_labels=by_labels if shown else False)


def _only_source(dataset: Dataset) -> str:
    sources: dict[str, None] = {}
    for item in dataset.items():
        sources |= dict.fromkeys(answer.source for answer in item.answers)
        sources |= dict.fromkeys(explanation.source for explanation in item.explanations)
    others = [source for source in sources if source != HUMAN]
    if not sources:
        raise InputError(
            "no explanation and no raw answer in any item",
            expected="items as `labeldist explain` writes them",
            place=Place(dataset.path, field="answers"),
            hint=f"run `labeldist explain {dataset.name}` first, and give its result here",
        )
    if len(others) > 1:
        raise UsageError(
            f"the items have explanations of several sources: {', '.join(others)}", hint="choose one with --from"
        )
    return others[0] if others else HUMAN


def _reference_note(dataset: Dataset) -> str | None:
    return None if dataset.reference_annotators is None else str(dataset.reference_annotators)


def _beside(done: StageSummary, out: Path) -> StageSummary:
    """The summary of a stage whose result is ``out``, after its failures are written beside it."""
    return replace(done, files=(out, *write_failures(done.failures, failures_of(out))))
