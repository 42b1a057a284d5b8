"""``labeldist.train``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Unpack

from labeldist.api.read import Reading, opened
from labeldist.api.said import said_rows
from labeldist.classifiers.from_sources import Trained, train_on
from labeldist.classifiers.settings import TrainingSettings
from labeldist.core.errors import UsageError
from labeldist.core.item import Item
from labeldist.datasets.files import records_from_rows
from labeldist.datasets.predictions import prediction_from_row
from labeldist.datasets.source import Dataset
from labeldist.runs.stage_report import Progress, silent


def train(
    source: Any,
    base: str,
    *,
    out: str | Path,
    targets: Any = "frequencies",
    dev: Any = None,
    settings: TrainingSettings | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
    **how: Unpack[Reading],
) -> Trained:
    """Fine-tune the classifier or encoder ``base`` on soft labels, and write it to the folder ``out``.

    ``source``: items with texts, as for :func:`labeldist.read`, or a list of several. ``targets``: what to train on,
    ``reference``, ``frequencies``, ``majority``, ``smoothed:C``, a file of distributions, or what
    :func:`labeldist.estimate` or :func:`labeldist.judge` give. ``dev``: items with references by which the best weights
    are chosen. Interrupted, the same call resumes. Needs the extra ``train``; raises
    :class:`~labeldist.core.errors.MissingExtraError` without it. Source: arXiv 2412.13942, section 5.
    """
    datasets = [opened(one, how, texts=True) for one in _several(source)]
    tested = None if dev is None else opened(dev, _for_dev(how), texts=True)
    known = targets
    if not isinstance(targets, str | Path):
        rows = records_from_rows(said_rows("targets", targets, _only(datasets)), datasets[0].task, prediction_from_row)
        known = {row.id: row.distribution.probabilities for row in rows}
    elif isinstance(targets, Path):
        known = str(targets)
    chosen = settings or TrainingSettings()
    return train_on(
        datasets, base, Path(out), chosen, targets=known, dev=tested, overwrite=overwrite, progress=progress
    )


def _several(source: Any) -> list[Any]:
    """The sources in a list; a list of Items is one source."""
    listed = isinstance(source, list | tuple) and not all(isinstance(one, Item) for one in source)
    return [*source] if listed else [source]


def _for_dev(how: Reading) -> Reading:
    """A limit is one of items to train on."""
    return {name: value for name, value in how.items() if name != "limit"}  # type: ignore[return-value]


def _only(datasets: list[Dataset]) -> Dataset:
    if len(datasets) > 1:
        raise UsageError("targets in memory for several sources", hint="join the items, or write the targets to a file")
    return datasets[0]
