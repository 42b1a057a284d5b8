"""``labeldist.run``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Unpack

from labeldist.api.distributions import Distributions
from labeldist.api.models import keeping
from labeldist.api.read import OF_READING, Reading, opened
from labeldist.core.errors import UsageError
from labeldist.datasets.files import read_rows
from labeldist.datasets.layout import DISTRIBUTIONS
from labeldist.datasets.read_options import ReadOptions
from labeldist.datasets.source import Dataset
from labeldist.datasets.written_rows import item_to_row
from labeldist.evaluation.evaluation import Evaluation
from labeldist.judging.judge import JudgeSettings
from labeldist.models.open import ModelOptions
from labeldist.runs.pipeline import run as run_to_folder
from labeldist.runs.prepared import RunSummary
from labeldist.runs.settings import RunSettings
from labeldist.runs.stage_report import Progress, silent
from labeldist.runs.stages import Generation


@dataclass(frozen=True)
class Run:
    """What a run gave: the posteriors and the MJDs by their names, and how near they are to references, where known.

    ``failures``: what could not be done, item by item, as in ``failures.jsonl``. ``notes``: what else to know.
    ``folder``: where its files are, if it was told to keep them.
    """

    posteriors: Mapping[str, Distributions]
    judged: Mapping[str, Distributions]
    evaluation: Evaluation | None
    failures: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]
    calls_made: int
    calls_reused: int
    folder: Path | None

    @property
    def posterior(self) -> Distributions | None:
        """That of all labels and MJDs; None where there are no labels."""
        return self.posteriors.get("posterior")

    def to_frame(self, kind: str | None = None) -> Any:
        """The posterior as a data frame, as :meth:`Distributions.to_frame` gives it.

        Raises :class:`~labeldist.core.errors.UsageError` where there is no posterior.
        """
        if self.posterior is None:
            judged = ", ".join(self.judged) or "none"
            raise UsageError("a run without a posterior", hint=f"take one of run.judged: {judged}")
        return self.posterior.to_frame(kind)

    def __repr__(self) -> str:
        failed = f", {len(self.failures):,} failures" if self.failures else ""
        made = ", ".join((*self.posteriors, *(f"MJD {name}" for name in self.judged)))
        return f"Run({made}; {self.calls_made:,} model calls, {self.calls_reused:,} reused{failed})"

    def _repr_html_(self) -> str:
        judged = () if self.posterior else self.judged.values()
        shown = (self.posterior, *judged, self.evaluation)
        return "".join(one._repr_html_() for one in shown if one is not None)


def run(
    source: Any,
    *,
    out: str | Path | None = None,
    model: str | Sequence[str] = "embedded",
    explainer: str = "same",
    conditions: Sequence[str] = (),
    parser: str | None = None,
    calibrate: str = "labels",
    judge: JudgeSettings | None = None,
    generation: Generation | None = None,
    options: ModelOptions | None = None,
    overwrite: bool = False,
    pilot: int | None = None,
    progress: Progress = silent,
    **how: Unpack[Reading],
) -> Run:
    """The whole way: explain, judge, estimate, and evaluate where there are references.

    ``source`` and ``how`` are as for :func:`labeldist.read`; the items need the task's texts. ``out``: a folder that
    keeps every call and result, so that the same run resumes; without it nothing is kept but what is returned.
    ``model``: that which judges, or several: each gives MJDs of its own, and the posterior says what each saves and how
    many independent ones that is. ``explainer``: a model, ``same`` (the first), or ``items:SOURCE`` for explanations
    that the items carry. ``conditions``: which explanations are shown, as ``label-free``, ``label-guided``, ``human``,
    ``none``. ``calibrate``: ``labels``, ``reference`` or ``off``. ``pilot``: stop after so many items where they show
    that a model is of no use as a judge of them (:class:`~labeldist.runs.pilot.NotWorthUsingError`).
    Source: arXiv 2412.13942.

    >>> from labeldist.core.item import Annotation, Item
    >>> it = Item("1", {"premise": "It rains.", "hypothesis": "It is wet."}, (Annotation("neutral"),))
    >>> found = run([it], model="scripted", task="nli")
    >>> sorted(found.judged)
    ['label-free', 'label-guided', 'none']
    """
    name, task, reference_annotators, dataset = _read_or_named(source, how)
    settings = RunSettings(
        name,
        model=_models(model),
        explainer=explainer,
        parser=parser,
        conditions=tuple(conditions),
        calibrate=calibrate,
        task=task,
        limit=how.get("limit"),
        reference_annotators=reference_annotators,
        repeated_labels=how.get("repeated_labels"),
        judge=judge or JudgeSettings(),
        generation=generation or Generation(),
        model_options=options or ModelOptions(),
        on_error=how.get("on_error", "stop"),
        pilot=pilot,
        read=ReadOptions(**{name: how[name] for name in OF_READING if name in how}),  # type: ignore[literal-required]
    )
    if out is None and options is not None and options.batch is not None:
        raise UsageError("a run in batches that keeps nothing", hint="give it a folder: out='result'")
    with keeping(out, "a folder out='result'"), ExitStack() as stack:
        folder = Path(out or stack.enter_context(TemporaryDirectory(prefix="labeldist-")))
        done = run_to_folder(settings, folder, dataset=dataset, overwrite=overwrite, progress=progress)
        return _in_memory(done, None if out is None else folder)


def _read_or_named(source: Any, how: Reading) -> tuple[str, str | None, str | None, Dataset | None]:
    """What settings say of the source, its task and annotators held out; files and named sets are opened by the run."""
    if not isinstance(source, str | Path):
        dataset = opened(source, how, texts=True)
        return fingerprint(dataset), dataset.task.name, _text(dataset.reference_annotators), dataset
    odd = [name for name in ("labels", "scale") if how.get(name)]
    if odd:
        raise UsageError(f"{', '.join(odd)} for a run of a file", hint="give its task, or read a data frame")
    return str(source), how.get("task"), _text(how.get("reference_annotators")), None


def _in_memory(done: RunSummary, folder: Path | None) -> Run:
    labels, kind = done.dataset.task.label_names, done.dataset.kind
    return Run(
        {one.name: _read(one.name, one.file, labels, kind) for one in done.posteriors},
        {name: _read(name, file, labels, kind) for name, file in done.mjds.items()},
        done.evaluation,
        done.failures,
        done.notes,
        done.calls_made,
        done.calls_reused,
        folder,
    )


def fingerprint(dataset: Dataset) -> str:
    """A name for items in memory, by what they are: a folder of results then takes no others for the same.

    >>> from labeldist.api.read import read
    >>> from labeldist.core.item import Item
    >>> fingerprint(read([Item("1", {})])).partition(":")[0]
    'the items'
    """
    digest = hashlib.sha256()
    for item in dataset.items():
        digest.update(json.dumps(item_to_row(item), sort_keys=True, default=str).encode() + b"\n")
    return f"{dataset.name}:{digest.hexdigest()[:16]}"


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _read(name: str, file: Path, labels: tuple[str, ...], kind: str | None) -> Distributions:
    rows = tuple(row for _, row in read_rows(file, DISTRIBUTIONS) if isinstance(row, dict))
    return Distributions(name, labels, rows, kind=kind)


def _models(given: object) -> str | tuple[str, ...]:
    """The models that judge; :class:`UsageError` for what names none."""
    if isinstance(given, str):
        return given
    if isinstance(given, Sequence) and given and all(isinstance(one, str) for one in given):
        return tuple(given)
    raise UsageError(f"model={given!r}", hint="give the name of a model, or a list of names")
