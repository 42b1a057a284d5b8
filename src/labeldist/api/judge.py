"""``labeldist.judge``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from labeldist.api.distributions import Distributions
from labeldist.api.models import keeping, opened_model, store_file
from labeldist.api.read import Reading, opened
from labeldist.judging.judge import JudgeSettings
from labeldist.models.base import LanguageModel
from labeldist.models.open import ModelOptions
from labeldist.runs.pilot import refuse_pilot
from labeldist.runs.single import GIVEN, judge_source
from labeldist.runs.stage_report import Progress, silent


def judge(
    source: Any,
    model: str | LanguageModel = "embedded",
    *,
    answers: str | None = None,
    explanations: str = GIVEN,
    whose: str | None = None,
    leave_one_out: bool = False,
    settings: JudgeSettings | None = None,
    options: ModelOptions | None = None,
    store: str | Path | None = None,
    pilot: int | None = None,
    progress: Progress = silent,
    **how: Unpack[Reading],
) -> Distributions:
    """The model judgment distribution (MJD) of each item: how a model's answers are spread over the labels.

    ``source`` and ``how`` are as for :func:`labeldist.read`, and so is what :func:`labeldist.explain` gives; the items
    need the task's texts. ``explanations``: ``given`` shows all that an item carries, ``none`` nothing, a condition
    (``label-free``, ``label-guided``, ``human``) those that it chooses. ``leave_one_out``: judge also with one
    explanation of each label left out, which :func:`labeldist.estimate` needs of explanations that labels guided.
    ``answers``: ``letters``, ``words``, ``verbalised`` (how many of 100 annotators would choose each) or ``validity``:
    how valid the model finds each explanation of each label, of those by the model ``whose`` (None: the only one), as
    ``scores`` that :func:`labeldist.estimate` takes as evidence. ``settings``: the orders, the answer style, the
    transform, the seed and more (:class:`~labeldist.judging.settings.JudgeSettings`). ``pilot`` is as for
    :func:`labeldist.run`; models, ``options`` and ``store`` as for :func:`labeldist.explain`. Source: arXiv 2412.13942.

    >>> from labeldist.core.item import Item
    >>> it = Item("1", {"premise": "It rains.", "hypothesis": "It is wet."})
    >>> found = judge([it], "scripted", task="nli")
    >>> found.labels, found.mean.shape
    (('entailment', 'neutral', 'contradiction'), (1, 3))
    """
    chosen = settings if answers is None else replace(settings or JudgeSettings(), style=answers)
    refuse_pilot(pilot, [chosen], batched=options is not None and options.batch is not None)
    dataset = opened(source, how, texts=True)
    rows: list[dict[str, Any]] = []

    def keep(stream: Iterable[dict[str, Any]]) -> int:
        rows.extend(stream)
        return len(rows)

    with keeping(store, "a store='calls.sqlite'"), opened_model(model, options) as asked:
        done = judge_source(
            dataset,
            asked,
            keep,
            store_file(store),
            explanations=explanations,
            leave_one_out=leave_one_out,
            whose=whose,
            settings=chosen,
            pilot=pilot,
            progress=progress,
        )
        name = asked.name
    labels = dataset.task.label_names
    return Distributions(
        name, labels, rows, done.failures, done.notes, done.calls_made, done.calls_reused, dataset.kind
    )
