"""Single stages from a source to a file, resumable like the whole run: finished calls are kept beside the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from labeldist.calls.recorded import Recorded
from labeldist.calls.store import Store
from labeldist.core.errors import InputError, Place, UsageError
from labeldist.core.item import Explanation, Item
from labeldist.datasets.files import write_items, write_rows
from labeldist.datasets.source import Dataset
from labeldist.explanations.condition import HUMAN, Condition
from labeldist.judging.judge import JudgeSettings
from labeldist.judging.orders import read_orders
from labeldist.models.base import LanguageModel
from labeldist.runs.beside import check_rows_out, failures_of, store_of, write_failures
from labeldist.runs.distributions import distribution_row
from labeldist.runs.folder import alone
from labeldist.runs.inputs import inputs_of
from labeldist.runs.stages import (
    Asked,
    Generation,
    Progress,
    Watch,
    check_words,
    choose_explanations,
    explain_items,
    explanation_pool,
    judge_items,
    with_held_out,
    with_their_held_out,
)
from labeldist.runs.survey import check_orders, check_profile, leaks, survey
from labeldist.runs.tally import Tally, model_notes

GIVEN, NONE = "given", "none"
# The column in which `select` notes how it chose, and from which `judge` learns whether labels were seen.
SELECTION = "selection"


@dataclass(frozen=True, slots=True)
class StageSummary:
    """What one stage did: rows written, what failed, model calls made and reused, mean letter mass where judged.

    ``store``: totals of all the calls that are kept beside the file. ``notes``: what else to know. ``hold_out``: whose
    labels are the reference, where annotators are held out.
    """

    rows: int
    failures: tuple[dict[str, Any], ...]
    calls_made: int
    calls_reused: int
    letter_mass: dict[str, float | None]
    files: tuple[Path, ...]
    store: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    hold_out: str | None = None


def explain_to_file(
    dataset: Dataset,
    model: LanguageModel,
    out: Path,
    *,
    generation: Generation | None = None,
    profile: str | None = None,
    progress: Progress = lambda *_: None,
) -> StageSummary:
    """Write the items with the model's raw answers and what the parser ``profile`` finds in them."""
    check_profile(profile)
    check_rows_out(out, *dataset.inputs, *inputs_of(models=[model.name]))
    watch = Watch(progress, [], dataset.on_error, survey(dataset).items)
    with alone(store_of(out)), Store(store_of(out)) as store, Recorded(model, store) as recorded:
        answered = explain_items(
            dataset.items(), dataset.task, recorded, generation or Generation(), watch, profile=profile
        )
        rows = write_items(out, answered)
        totals = store.totals()
    notes = [*store.notes, *model_notes([model]), *watch.notes(profile)]
    return _summary(out, rows, dataset, watch, recorded, store=totals, notes=notes)


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
    check_rows_out(out, *dataset.inputs)
    watch = Watch(lambda *_: None, [], dataset.on_error)
    whose = source or _only_source(dataset)
    of_pool = explanation_pool(whose, profile, watch)
    note = {"condition": condition.name, "saw_labels": condition.saw_labels}
    chosen = choose_explanations(dataset.items(), dataset.task, condition, of_pool, seed, watch)
    rows = write_items(
        out,
        (
            replace(item, explanations=tuple(explanations), extra={**item.extra, SELECTION: note})
            for item, explanations, _ in chosen
        ),
    )
    notes = [*leaks(dataset, HUMAN in (whose, condition.guide)), *watch.notes(profile)]
    return _summary(out, rows, dataset, watch, None, notes=notes)


def judge_to_file(
    dataset: Dataset,
    model: LanguageModel,
    out: Path,
    *,
    explanations: str = GIVEN,
    held_out: bool = False,
    settings: JudgeSettings | None = None,
    progress: Progress = lambda *_: None,
) -> StageSummary:
    """Write the MJD of each item, judged with the explanations that it carries.

    ``explanations``: ``given`` (all that the item carries, in order), ``human`` (those of humans) or ``none``.
    ``held_out``: judge each item also with one explanation of each label left out, which an estimation from labels
    needs of explanations that labels guided.
    """
    if explanations not in (GIVEN, HUMAN, NONE):
        raise UsageError(f"explanations {explanations!r}", hint=f"use one of: {GIVEN}, {HUMAN}, {NONE}")
    settings = (settings or JudgeSettings()).for_model(model, len(dataset.task.labels))
    lengths, by_people = set(), False
    for item in dataset.items():
        shown = _shown(item, explanations)
        lengths.add(len(shown))
        by_people = by_people or any(one.source == HUMAN for one in shown)
    check_orders(lengths, dataset, settings)
    watch = Watch(progress, [], dataset.on_error)
    tally = Tally(read_orders(settings.orders).target)

    def asked() -> Iterator[Asked]:
        for item in dataset.items():
            yield Asked(item, _shown(item, explanations))

    check_rows_out(out, *dataset.inputs, *inputs_of(models=[model.name]))
    with alone(store_of(out)), Store(store_of(out)) as store, Recorded(model, store) as recorded:
        check_words(dataset.items(), dataset.task, recorded, settings)
        questions = with_held_out(asked()) if held_out else asked()
        judged = judge_items(questions, dataset.task, recorded, settings, watch, "judge")
        rows = write_rows(
            out,
            tally.of(
                distribution_row(
                    one, pooled, recorded, settings, _saw_labels(one, explanations), hidden if held_out else None
                )
                for one, pooled, hidden in with_their_held_out(judged)
            ),
        )
        totals = store.totals()
    notes = [*store.notes, *model_notes([model]), *leaks(dataset, by_people), *tally.notes(explanations)]
    return _summary(out, rows, dataset, watch, recorded, {explanations: tally.letter_mass}, store=totals, notes=notes)


def _shown(item: Item, explanations: str) -> tuple[Explanation, ...]:
    if explanations == NONE:
        return ()
    return tuple(e for e in item.explanations if explanations == GIVEN or e.source == HUMAN)


def _saw_labels(asked: Asked, explanations: str) -> bool | None:
    """Whether what was shown was selected by the item's labels; None where nothing tells."""
    if not asked.explanations:
        return False
    note = asked.item.extra.get(SELECTION)
    saw = note.get("saw_labels") if explanations == GIVEN and isinstance(note, dict) else None
    return saw if isinstance(saw, bool) else None


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


def _summary(
    out: Path,
    rows: int,
    dataset: Dataset,
    watch: Watch,
    model: Recorded | None,
    letter_mass: dict[str, float | None] | None = None,
    *,
    store: dict[str, dict[str, int]] | None = None,
    notes: Sequence[str] = (),
) -> StageSummary:
    failures = (*(bad.as_row() for bad in dataset.failures), *(bad.as_row() for bad in watch.failures))
    beside = write_failures(failures, failures_of(out))
    return StageSummary(
        rows,
        failures,
        0 if model is None else model.made,
        0 if model is None else model.reused,
        letter_mass or {},
        (out, *beside),
        store or {},
        tuple(notes),
        None if dataset.hold_out is None else str(dataset.hold_out),
    )
