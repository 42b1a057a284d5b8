"""A judge tried on the first items, blind, before the rest is paid for: what it is worth, and whether to stop there."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from labeldist.calls.recorded import Recorded
from labeldist.core.errors import LabeldistError, UsageError
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.judging.judge import JudgeSettings
from labeldist.judging.validity import VALIDITY_STYLES
from labeldist.models.batch import Batched
from labeldist.runs.distributions import saw_labels
from labeldist.runs.judge_advice import Advice, advice
from labeldist.runs.judgments import judgments
from labeldist.runs.stage_report import Progress, StageReport, silent
from labeldist.runs.stages import SELECTION, Asked, check_words

ITEMS = 30
LEAST_RUN = 2 * ITEMS  # what is shorter is soon at its end, and needs no early word
STAGE = "judge the first"

logger = logging.getLogger(__name__)


class NotWorthUsingError(LabeldistError):
    """A judge that a pilot found to be of no use for these items; its answers are kept."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """What came of the first items: the ``advice`` (None: they were not looked at), and why some of them failed.

    ``calls``: how many it took or found. ``asked_again``: how many of these the run asks again, and finds.
    """

    advice: Advice | None = None
    calls: int = 0
    failures: tuple[str, ...] = ()
    asked_again: int = 0


def carried(item: Item) -> Asked:
    """The item with the explanations that it carries, as far as it is said how they were selected."""
    note = item.extra.get(SELECTION)
    by_labels = note.get("saw_labels") if isinstance(note, dict) else None
    return Asked(item, item.explanations, by_labels=by_labels if isinstance(by_labels, bool) else None)


def is_blind(one: Asked) -> bool:
    """Whether no label had a part in what is asked."""
    return not one.explanations or saw_labels(one.explanations, one.by_labels) is False


def blind(asked: Iterable[Asked]) -> list[Asked]:
    """What is asked, without explanations where labels had, or may have had, a part in them."""
    return [one if is_blind(one) else Asked(one.item, ()) for one in asked]


def pilot(
    asked: Sequence[Asked], task: Task, model: Recorded, settings: JudgeSettings, progress: Progress = silent
) -> Pilot:
    """Judge the first items as they are ``asked``, blind, and say what the model is worth as a judge of them."""
    before = model.made + model.reused
    items = [one.item for one in asked]
    check_words(items, task, model, settings)
    report = StageReport(progress, "skip", len(items))
    rows = list(judgments(asked, task, model, settings, report, STAGE))
    found = advice(model.name, task.label_names, items, rows)
    return Pilot(found, model.made + model.reused - before, tuple(one.reason for one in report.failures))


def look_first(
    asked: Iterable[Asked],
    task: Task,
    model: Recorded,
    settings: JudgeSettings,
    *,
    items: int,
    gate: int | None,
    anyway: bool,
    progress: Progress,
) -> Pilot:
    """What the first of all that is ``asked`` tells of the judge, said at once.

    Where the work does not ask it anyway, in this form, only a ``gate`` of so many items is worth the calls. ``items``:
    how many there are in all. Raises :class:`NotWorthUsingError` where there is a gate, and the advice is against the
    judge. Where no gate can be, :func:`refuse_pilot` says so before anything is asked.
    """
    batched = isinstance(model.model, Batched)
    if _impossible(settings, batched=batched) or (gate is None and not (anyway and items >= LEAST_RUN)):
        return Pilot()
    found = pilot(blind(islice(asked, gate or ITEMS)), task, model, settings, progress)
    assert found.advice is not None
    _say(found.advice, gate=gate is not None, items=items)
    return replace(found, asked_again=found.calls if anyway else 0)


def refuse_pilot(gate: int | None, settings: Sequence[JudgeSettings | None], *, batched: bool) -> None:
    """Raise :class:`UsageError` for a gate where none can be: before a server is asked, and results are replaced.

    ``settings``: all those with which the judge will be asked; where it is asked as a pilot can, a pilot does.
    """
    reasons = [_impossible(one or JudgeSettings(), batched=batched) for one in settings]
    impossible = next(iter(reasons), "")
    if gate is not None and impossible and all(reasons):
        raise UsageError(
            f"a pilot {impossible}", hint="leave --pilot out; labeldist doctor --model MODEL SOURCE tries it"
        )


def _impossible(settings: JudgeSettings, *, batched: bool) -> str:
    """Why no pilot can be run; empty where one can."""
    if settings.style in VALIDITY_STYLES:
        return "of a judge that says how valid explanations are, not how items are labelled"
    return "of questions that all go in batches" if batched else ""


def _say(told: Advice, *, gate: bool, items: int) -> None:
    if gate and told.verdict == "do not use":
        raise NotWorthUsingError(
            f"stopped after {told.items:,} of {items:,} items. {told.headline} {' '.join(told.reasons)}",
            hint="the answers are kept: the same command without --pilot goes on from them, one with a larger --pilot "
            "asks more items first. For another --model or other --answers take another --out",
        )
    level = logging.INFO if told.verdict == "use" else logging.WARNING
    logger.log(level, "%s", told.in_a_line())
