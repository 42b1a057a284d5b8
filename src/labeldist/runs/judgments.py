"""From items with chosen explanations to rows of distributions: the one way in which a condition is judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from labeldist.core.task import Task
from labeldist.explanations.condition import Condition
from labeldist.judging.judge import JudgeSettings
from labeldist.judging.validity import VALIDITY, VALIDITY_STYLES
from labeldist.models.base import LanguageModel
from labeldist.runs.distributions import distribution_row, validity_row
from labeldist.runs.stage_report import StageReport
from labeldist.runs.stages import Asked, judge_items, validate_items, with_leave_one_out, with_their_leave_one_out


def asked_as(settings: JudgeSettings, condition: Condition) -> JudgeSettings:
    """The settings for a condition: one that is about validity is asked so, whatever the others are answered in.

    What is said of verbalised answers, their samples too, is not said of it.

    >>> asked_as(JudgeSettings(style="letters"), Condition("validity")).style
    'validity'
    """
    if condition.guide == VALIDITY:
        of_it = settings.style in VALIDITY_STYLES
        return replace(
            settings,
            style=settings.style if of_it else VALIDITY,
            transform="auto",
            paraphrases=None,
            samples=settings.samples if of_it else None,
            average=None,
        )
    return replace(settings, per_label=None)


def judgments(
    asked: Iterable[Asked],
    task: Task,
    model: LanguageModel,
    settings: JudgeSettings,
    report: StageReport,
    stage: str,
    *,
    leave_one_out: bool = False,
) -> Iterator[dict[str, Any]]:
    """The MJD of each item as a row by the contract, as a stream; an item that fails is named in ``report``.

    ``leave_one_out``: judge each item also with one explanation of each label left out, for the MJDs that there would
    be had an annotator with that label not been asked. Settings for validity give that of each item's explanations
    instead, for which labels play no part.
    """
    settings = settings.for_model(model, len(task.labels))
    if settings.style in VALIDITY_STYLES:
        for one, found in validate_items(asked, task, model, settings, report, stage):
            yield validity_row(one, found, model, settings)
        return
    questions = with_leave_one_out(asked) if leave_one_out else asked
    judged = judge_items(questions, task, model, settings, report, stage)
    for one, pooled, hidden in with_their_leave_one_out(judged):
        yield distribution_row(one, pooled, model, settings, hidden if leave_one_out else None)
