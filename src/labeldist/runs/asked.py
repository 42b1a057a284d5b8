"""What a run asks its judges: a few items first, then all, or all in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from labeldist.calls.recorded import Recorded
from labeldist.core.item import Item
from labeldist.explanations.condition import NONE
from labeldist.runs.batched import exhaust
from labeldist.runs.judges import MjdSet
from labeldist.runs.judgments import asked_as, judgments
from labeldist.runs.pilot import Pilot, look_first
from labeldist.runs.prepared import PreparedRun
from labeldist.runs.stage_report import Progress, StageReport
from labeldist.runs.stages import Asked, Choose, check_words, choose_explanations, explain_items, explanation_pool
from labeldist.runs.survey import needs_pool


def look_first_of_run(prepared: PreparedRun, judges: Mapping[str | None, Recorded], progress: Progress) -> list[Pilot]:
    """What the first items tell of each judge before any is explained, so without explanations."""
    settings, dataset = prepared.settings, prepared.dataset
    return [
        look_first(
            (Asked(item, ()) for item in dataset.items()),
            dataset.task,
            judge,
            settings.judge,
            items=prepared.found.items,
            gate=settings.pilot,
            anyway=any(condition.guide == NONE for condition in prepared.conditions),
            progress=progress,
        )
        for judge in judges.values()
    ]


def gather(prepared: PreparedRun, names: Iterable[str | None], models: Sequence[Recorded]) -> None:
    """Ask all that a run asks, as far as answers are there, and write nothing.

    ``models``: the judges by their ``names``, and behind them the explainer, where one is asked.
    """
    judges = dict(zip(names, models, strict=False))
    explainer = models[len(judges)] if len(models) > len(judges) else None
    settings, dataset = prepared.settings, prepared.dataset
    report = StageReport(on_error=settings.on_error)
    for judge in judges.values():
        check_words(dataset.items(), dataset.task, judge, settings.judge)
    of_pool = explanation_pool((prepared.carried or "") if explainer is None else explainer.name, settings.parser)
    for one in (MjdSet(condition, name) for name in judges for condition in prepared.conditions):
        items = dataset.items()
        if explainer is not None and needs_pool([one.condition]):
            items = explain_items(items, dataset.task, explainer, settings.generation, report, profile=settings.parser)
        exhaust(judged_of(prepared, one, items, of_pool, judges[one.judge], report))


def judged_of(
    prepared: PreparedRun,
    judged: MjdSet,
    items: Iterator[Item],
    of_pool: Choose,
    model: Recorded,
    report: StageReport,
) -> Iterator[dict[str, Any]]:
    """The MJDs of one condition by one judge, as rows."""
    condition = judged.condition
    task, settings = prepared.dataset.task, asked_as(prepared.settings.judge, condition)
    asked = choose_explanations(items, task, condition, of_pool, settings.seed, report)
    leave_one_out = condition.saw_labels and prepared.settings.leave_one_out and prepared.settings.calibrate == "labels"
    return judgments(asked, task, model, settings, report, f"judge {judged.name}", leave_one_out=leave_one_out)
