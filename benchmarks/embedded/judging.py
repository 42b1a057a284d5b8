"""Items judged by the library's own stages, where a failure ends the measurement."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.embedded.setup import Progress
from labeldist.core.errors import ModelError
from labeldist.core.item import Explanation, Item
from labeldist.core.task import Task
from labeldist.judging.judge import JudgeSettings
from labeldist.judging.pool import Pooled
from labeldist.models.base import LanguageModel
from labeldist.runs.stage_report import ItemFailure, StageReport
from labeldist.runs.stages import Generation, explain_items, judge_items

Asked = tuple[Item, Sequence[Explanation]]
BALANCED = "balanced:12"
ALL = "all"


def judged(name: str, asked: Sequence[Asked], task: Task, model: LanguageModel, orders: str) -> list[Pooled]:
    """The MJD of each element of ``asked``, in order. ``name`` is for the progress.

    Raises :class:`ModelError` where the model fails on an item: a table must not silently have fewer.
    """
    failures: list[ItemFailure] = []
    report = StageReport(Progress(), items=len(asked), failures=failures)
    found = [mjd for _, mjd in judge_items(asked, task, model, JudgeSettings(orders), report, name)]
    _refuse(failures)
    return found


def explained(name: str, items: Sequence[Item], task: Task, model: LanguageModel) -> list[Item]:
    """The items with the model's answers and explanations for each label, made as ``labeldist explain`` does."""
    failures: list[ItemFailure] = []
    report = StageReport(Progress(), items=len(items), failures=failures)
    found = list(explain_items(items, task, model, Generation(), report))
    _refuse(failures)
    return found


def by_id(asked: Sequence[Asked], found: Sequence[Pooled]) -> dict[str, dict[str, float]]:
    """{item id: {label: probability}}, as ``evaluate`` takes it."""
    return {item.id: mjd.distribution.as_dict() for (item, _), mjd in zip(asked, found, strict=True)}


def _refuse(failures: Sequence[ItemFailure]) -> None:
    if failures:
        first = failures[0]
        raise ModelError(f"{len(failures)} items failed; the first: {first.id} in {first.stage}: {first.reason}")
