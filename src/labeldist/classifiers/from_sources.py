"""From sources and files to a trained classifier, and from it to a file of distributions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeldist.classifiers.fine_tune import RECORD, TrainingSummary, fine_tune
from labeldist.classifiers.predict import predict
from labeldist.classifiers.settings import TrainingSettings
from labeldist.classifiers.targets import FROM_LABELS, Targets, targets_of
from labeldist.core.errors import InputError, IntegrityError, Place, UsageError
from labeldist.core.item import Item
from labeldist.datasets.failures import OnError
from labeldist.datasets.files import write_rows
from labeldist.datasets.meant import missing_labels
from labeldist.datasets.read_options import ReadOptions
from labeldist.datasets.read_report import ReadReport
from labeldist.datasets.source import Dataset, open_source
from labeldist.pictures.table import html_table
from labeldist.runs.beside import check_rows_out, failures_of, write_failures
from labeldist.runs.folder import own_files
from labeldist.runs.inputs import inputs_of
from labeldist.runs.stage_report import Progress, silent


@dataclass(frozen=True, slots=True)
class Trained:
    """A training, how many items had no target, the rows that were skipped, and how files were read."""

    summary: TrainingSummary
    without_target: int
    failures: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where the classifier is."""
        return self.summary.folder

    def __repr__(self) -> str:
        done = self.summary
        best = f"; best {', '.join(f'{name} {value:.3f}' for name, value in done.best.items())}" if done.best else ""
        return f"Trained({self.folder} on {done.items:,} items in {done.steps:,} steps{best})"

    def _repr_html_(self) -> str:
        measured = self.summary.measured
        names = [*measured[0]] if measured else []
        return html_table(names, ([row[name] for name in names] for row in measured), repr(self))


@dataclass(frozen=True, slots=True)
class Predicted:
    """How many distributions were written where, the rows that were skipped, and how the file was read."""

    rows: int
    failures: tuple[dict[str, Any], ...]
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def train_on_sources(
    sources: Sequence[str],
    base: str,
    out: Path,
    settings: TrainingSettings,
    *,
    targets: str,
    dev: str | None = None,
    task: str | None = None,
    limit: int | None = None,
    reference_annotators: str | None = None,
    repeated_labels: str | None = None,
    read: ReadOptions | None = None,
    on_error: OnError = "stop",
    overwrite: bool = False,
    progress: Progress = silent,
) -> Trained:
    """Fine-tune ``base`` on the items of all ``sources`` together, each with its target by ``targets``.

    Raises as :func:`~labeldist.classifiers.fine_tune.fine_tune` and
    :func:`~labeldist.classifiers.targets.targets_of` do, and :class:`UsageError` for sources of different tasks.
    """
    how: dict[str, Any] = {
        "task": task,
        "reference_annotators": reference_annotators,
        "repeated_labels": repeated_labels,
        "read": read,
        "on_error": on_error,
    }
    datasets = [open_source(source, limit=limit, **how) for source in sources]
    tested = None if dev is None else open_source(dev, **how)
    return train_on(datasets, base, out, settings, targets=targets, dev=tested, overwrite=overwrite, progress=progress)


def train_on(
    datasets: Sequence[Dataset],
    base: str,
    out: Path,
    settings: TrainingSettings,
    *,
    targets: str | Targets,
    dev: Dataset | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Trained:
    """As :func:`train_on_sources`, on what is open already; ``targets`` may be the distributions themselves, by id."""
    known = datasets[0].task
    if any(
        dataset.task.label_names != known.label_names or dataset.task.fields != known.fields for dataset in datasets
    ):
        tasks = ", ".join(f"{dataset.name} ({dataset.task.name})" for dataset in datasets)
        raise UsageError(f"sources of different tasks: {tasks}", hint="train on those of one task")
    reports = [ReadReport() for _ in datasets]
    items = [item for dataset, report in zip(datasets, reports, strict=True) for item in dataset.items(report)]
    if isinstance(targets, str):
        _refuse_unlabelled(targets, items, datasets[0], reports[0])
    _refuse_doubled(items, datasets)
    found = targets_of(targets, items, known) if isinstance(targets, str) else targets
    tested: list[Item] = []
    if dev is not None:
        reports.append(ReadReport())
        tested = [item for item in dev.items(reports[-1]) if item.reference is not None]
        if not tested:
            raise InputError("no item with a reference", expected="references to choose by", place=Place(dev.path))
    read = [file for dataset in (*datasets, *filter(None, [dev])) for file in dataset.inputs]
    inputs = [*(inputs_of(targets) if isinstance(targets, str) else ()), *read]
    how: dict[str, Any] = {"dev": tested, "inputs": inputs, "overwrite": overwrite, "progress": progress}
    summary = fine_tune(items, found, known, base, out, settings, **how)
    failures = tuple(row for report in reports for row in report.rows())
    notes = tuple(dict.fromkeys(one.told for one in (*datasets, *filter(None, [dev])) if one.told))
    return Trained(summary, sum(item.id not in found for item in items), failures, notes)


def predict_to_file(
    source: str,
    model: str,
    out: Path,
    *,
    task: str | None = None,
    limit: int | None = None,
    reference_annotators: str | None = None,
    repeated_labels: str | None = None,
    read: ReadOptions | None = None,
    on_error: OnError = "stop",
    max_length: int = 128,
    batch_size: int = 64,
    device: str = "auto",
    progress: Progress = silent,
) -> Predicted:
    """Write the distribution that the classifier ``model`` gives each item of ``source`` to ``out``."""
    dataset = open_source(
        source,
        task=task,
        limit=limit,
        reference_annotators=reference_annotators,
        repeated_labels=repeated_labels,
        read=read,
        on_error=on_error,
    )
    check_rows_out(out, *dataset.inputs, *inputs_of(model))
    report = ReadReport()
    how: dict[str, Any] = {"max_length": max_length, "batch_size": batch_size, "device": device}
    count = write_rows(out, predicted_rows(dataset, model, report, progress=progress, **how))
    failures = report.rows()
    notes = (dataset.told,) if dataset.told else ()
    return Predicted(count, failures, (out, *write_failures(failures, failures_of(out))), notes)


def predicted_rows(
    dataset: Dataset,
    model: str,
    report: ReadReport,
    *,
    max_length: int = 128,
    batch_size: int = 64,
    device: str = "auto",
    progress: Progress = silent,
) -> Iterator[dict[str, Any]]:
    """A row with the distribution that the classifier ``model`` gives each item, as a stream."""
    _refuse_changed(Path(model))
    labels, how = dataset.task.label_names, {"max_length": max_length, "batch_size": batch_size}
    for id_, shares in predict(dataset.items(report), dataset.task, model, device=device, **how):
        progress("predict", 1, None)
        yield {"id": id_, "distribution": dict(zip(labels, shares, strict=True)), "model": model}


def _refuse_changed(model: Path) -> None:
    """Refuse a classifier with files that are not as :func:`fine_tune` wrote them: its predictions would be others."""
    own = own_files(model / RECORD)
    _, changed = own.parted(()) if own.listed.is_file() else ((), ())
    if changed:
        raise IntegrityError(
            f"{model} has files that are not as train wrote them: {', '.join(file.name for file in changed)}",
            hint=f"train it again; where you changed them yourself, remove {own.listed.name} from it",
        )


def _refuse_unlabelled(targets: str, items: Sequence[Item], first: Dataset, report: ReadReport) -> None:
    """Name the likeliest column where the targets are made from labels and no item has any."""
    if targets.partition(":")[0] in FROM_LABELS and items and not any(item.labels for item in items):
        raise missing_labels(report.columns, Place(first.path), f"--targets {targets} is made from them")


def _refuse_doubled(items: Sequence[Item], datasets: Sequence[Dataset]) -> None:
    ids = [item.id for item in items]
    if len(set(ids)) < len(ids):
        seen: set[str] = set()
        twice = next(id_ for id_ in ids if id_ in seen or seen.add(id_))  # type: ignore[func-returns-value]
        names = ", ".join(dataset.name for dataset in datasets)
        raise InputError(f"id {twice!r} in more than one of {names}", expected="each id once in all sources")
