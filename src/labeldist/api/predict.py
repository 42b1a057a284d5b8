"""``labeldist.predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Unpack

from labeldist.api.distributions import Distributions
from labeldist.api.read import Reading, opened
from labeldist.classifiers.from_sources import predicted_rows
from labeldist.datasets.read_report import ReadReport
from labeldist.runs.stage_report import Progress, silent


def predict(
    source: Any,
    model: str | Path,
    *,
    max_length: int = 128,
    batch_size: int = 64,
    device: str = "auto",
    progress: Progress = silent,
    **how: Unpack[Reading],
) -> Distributions:
    """The distribution that a trained classifier gives each item of ``source``, which is as for :func:`labeldist.read`.

    ``model``: the folder that :func:`labeldist.train` wrote, or a name on the hub. ``max_length``: tokens of an item.
    Needs the extra ``train``; raises :class:`~labeldist.core.errors.MissingExtraError` without it.
    """
    dataset, report, spec = opened(source, how, texts=True), ReadReport(), str(model)
    rows = predicted_rows(
        dataset, spec, report, max_length=max_length, batch_size=batch_size, device=device, progress=progress
    )
    known = tuple(rows)
    return Distributions(spec, dataset.task.label_names, known, report.rows(), kind=dataset.kind)
