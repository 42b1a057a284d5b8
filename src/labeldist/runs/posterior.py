"""From a source and files of evidence to files of posteriors: as a stage of its own, and at the end of a run."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from labeldist.core.errors import InputError, Place, UsageError
from labeldist.core.item import Evidence, Item
from labeldist.core.spelling import nfc
from labeldist.core.task import Task
from labeldist.datasets.evidence import read_evidence
from labeldist.datasets.failures import Failure
from labeldist.datasets.files import write_rows
from labeldist.datasets.meant import missing_labels
from labeldist.datasets.read_report import ReadReport
from labeldist.datasets.source import Dataset
from labeldist.datasets.whole import Note, is_special
from labeldist.estimation.calibration import Calibration
from labeldist.estimation.estimate import Estimate, estimate
from labeldist.estimation.how import How
from labeldist.estimation.observations import EvidenceRows
from labeldist.estimation.texts.evidence import is_text
from labeldist.runs.about import about_of, about_posterior, check_about, write_about
from labeldist.runs.beside import check_out, check_rows_out, failures_of, write_failures
from labeldist.runs.calibration_file import asked_calibration, write_calibration
from labeldist.runs.distributions import evidence_files
from labeldist.runs.judges import MjdSet
from labeldist.runs.names import posterior_name

NEEDED = "--calibrate labels learns from them (--calibrate off does without, from evidence alone)"


@dataclass(frozen=True, slots=True)
class EstimateSummary:
    """What an estimation did: items written, mean expected errors, the calibration, what failed, the files.

    ``point``: what the distributions are; expected errors are those of the means. ``reference_annotators``: whose
    labels are the reference, where annotators are held out. ``notes``: what the items lack.
    """

    items: int
    evidence: tuple[str, ...]
    expected_kl: float
    expected_tvd: float
    labels: tuple[str, ...]
    calibration: Calibration
    point: str
    failures: tuple[dict[str, Any], ...]
    files: tuple[Path, ...]
    reference_annotators: str | None = None
    notes: tuple[str, ...] = ()


def estimate_to_file(
    dataset: Dataset,
    out: Path,
    *,
    evidence: Sequence[str] = (),
    annotators: str | None = None,
    saw_labels: bool | None = None,
    texts: bool = True,
    calibration: Path | None = None,
    calibration_out: Path | None = None,
    **how: Unpack[How],
) -> EstimateSummary:
    """Write the posterior of each item of ``dataset`` to ``out``.

    ``evidence``: what to use, names of evidence that the items carry, or files (``NAME=FILE`` or ``FILE``) of
    distributions or scores, or evidence from texts (``text``, ``text:ENCODER``); empty for all that the items carry,
    and their ``texts`` wherever labels can teach what they tell. ``saw_labels``: whether those of files saw the labels,
    where they do not say. ``calibration``: a file of what was learnt on other items, which is applied;
    ``calibration_out``: one to write. ``how`` and what is raised are as for
    :func:`~labeldist.estimation.estimate.estimate`.
    """
    inputs = [*dataset.inputs, *([] if calibration is None else [calibration])]
    check_rows_out(out, *inputs)
    check_about(out, *inputs)
    calibrate, population = how.get("calibrate", "labels"), how.get("population", "same")
    how["learn"] = calibration_out is not None
    learnt = asked_calibration(calibration, calibration_out, calibrate, population, (out, *dataset.inputs))
    report, bad = ReadReport(), ReadReport()
    of_texts = text_specs(evidence)
    if of_texts and not texts:
        raise UsageError(f"evidence {of_texts[0]!r}, and no texts", hint="leave one of the two out")
    others = [one for one in evidence if one not in of_texts]
    given, use = evidence_of(dataset, others, bad.failures, out=out, saw_labels=saw_labels)
    found = estimate(
        dataset.labelled_items(NEEDED, report) if calibrate == "labels" and not learnt else dataset.items(report),
        given,
        task=dataset.task,
        learnt=learnt,
        annotators=None if annotators is None else nfc(annotators),
        use=[] if of_texts and not others else use,
        texts=None if texts and not evidence else of_texts,
        unknown_ids="stop" if dataset.on_error == "stop" and dataset.limit is None else "skip",
        **how,
    )
    if not (report.columns.labelled or found.evidence or calibrate == "reference"):
        raise missing_labels(report.columns, Place(dataset.path), "there is no evidence either")
    write_rows(out, (found.row(at) for at in range(len(found.ids))))
    write_calibration(calibration_out, found, dataset)
    failures = (*report.rows(), *bad.rows())
    settings = {**how, "evidence": [*evidence], "annotators": annotators, "saw_labels": saw_labels, "texts": texts}
    settings["calibration"] = None if calibration is None else str(calibration)
    about = _write_about(dataset, out, found, settings)
    beside = [*about, *([] if calibration_out is None else [calibration_out])]
    files = (out, *beside, *write_failures(failures, failures_of(out)))
    return _summary(dataset, found, report, failures, files)


def _write_about(dataset: Dataset, out: Path, found: Estimate, settings: Mapping[str, Any]) -> list[Path]:
    """The file that says what the posteriors rest on; what is written into a pipe has none."""
    if is_special(out):
        return []
    file = about_of(out)
    write_about(file, dataset, [about_posterior("posterior", out, found, settings["annotators"])], settings)
    return [file]


def _summary(
    dataset: Dataset,
    found: Estimate,
    report: ReadReport,
    failures: tuple[dict[str, Any], ...],
    files: tuple[Path, ...],
) -> EstimateSummary:
    return EstimateSummary(
        items=len(found.ids),
        evidence=found.evidence,
        expected_kl=float(found.posterior.expected_kl.mean()),
        expected_tvd=float(found.posterior.expected_tvd.mean()),
        labels=found.labels,
        calibration=found.calibration,
        point=found.point,
        failures=failures,
        files=files,
        reference_annotators=None if dataset.reference_annotators is None else str(dataset.reference_annotators),
        notes=_lacking(dataset, report),
    )


def _lacking(dataset: Dataset, report: ReadReport) -> tuple[str, ...]:
    """What is said of a source, and where no item has labels."""
    unlabelled = () if report.columns.labelled else (f"no item has labels ({report.columns.told()})",)
    return (*((dataset.told,) if dataset.told else ()), *unlabelled)


def text_specs(evidence: Sequence[str]) -> list[str]:
    """Those of the specs that name evidence from texts, and no file.

    >>> text_specs(["llm", "text", "text=mjd.jsonl", "text:models/minilm"])
    ['text', 'text:models/minilm']
    """
    return [one for one in evidence if is_text(one) and not evidence_files([one])]


@dataclass(frozen=True, slots=True)
class RunPosterior:
    """A posterior that a run made: of which ``annotators`` (None: all), from which ``evidence``."""

    name: str
    annotators: str | None
    evidence: tuple[str, ...]
    labels: tuple[str, ...]
    calibration: Calibration
    file: Path


def posteriors_of_run(
    dataset: Dataset, mjds: Mapping[MjdSet, Path], out: Path, *, calibrate: str, seed: int, note: Note | None = None
) -> tuple[list[RunPosterior], list[str]]:
    """A posterior from all labels, and one for each group of annotators that guided explanations; and notes.

    Each counts the labels of its annotators and takes what these labels can weigh: MJDs of conditions that did not see
    labels, and of those that saw these annotators' with their leave-one-out form; evidence that the items carry; and
    their texts, where there are labels enough to learn from. ``note`` is told of each file.
    """
    groups: list[str | None] = list(dict.fromkeys([None, *(one.group for one in mjds)]))
    several = len({one.judge for one in mjds}) > 1
    made: list[RunPosterior] = []
    notes: list[str] = []
    for group in groups:
        files = {one: file for one, file in mjds.items() if not one.saw_labels or one.group == group}
        name = "posterior" if group is None else f"posterior {group}"
        said = {f"MJD {one.name}": EvidenceFile(file, dataset.task, calibrate) for one, file in files.items()}
        known = {of: rows for of, rows in said.items() if rows.any()}
        carried = Carried(dataset, calibrate, group)
        found, why = None, ""
        try:
            found = estimate(
                carried,
                known,
                task=dataset.task,
                calibrate=calibrate,
                annotators=group,
                texts=None,
                unknown_ids="skip",
                seed=seed,
            )
        except (InputError, UsageError) as error:
            why = f"no {name}: {error.in_a_line}"
            for rows in said.values():
                deque(rows, maxlen=0)  # to the end, for what is left out
        lacking = {of: rows.left_out for of, rows in said.items()}
        notes += _left_out(name, {**lacking, **carried.left_out})
        if found is None:
            notes.append(why)
            continue
        file = out / posterior_name(group)
        write_rows(file, (found.row(at) for at in range(len(found.ids))), note=note)
        # Beside one judge, what items carry is compared where it is asked for, by estimate and plan.
        calibration = found.calibration if several else replace(found.calibration, judges=None)
        made.append(RunPosterior(name, group, found.evidence, found.labels, calibration, file))
    return made, notes


class EvidenceFile:
    """The rows of a file that labels can weigh, as (id, evidence), read anew each time: memory holds one of them.

    ``left_out``: how many of the latest reading they cannot weigh.
    """

    def __init__(self, file: Path, task: Task, calibrate: str) -> None:
        self._file, self._task, self._calibrate = file, task, calibrate
        self.left_out = 0

    def __iter__(self) -> Iterator[tuple[str, Evidence]]:
        self.left_out = 0
        for row in read_evidence(self._file, self._task):
            if weighable(row.evidence, self._calibrate):
                yield row.id, row.evidence
            else:
                self.left_out += 1

    def any(self) -> bool:
        """Whether there is such a row."""
        return next(iter(self), None) is not None


class Carried:
    """The items, with the evidence that they carry and that the labels of ``group`` (None: all) can weigh.

    What saw labels has a leave-one-out form for those of all annotators, not of a group. ``left_out``: how much of each
    evidence the latest reading left out.
    """

    def __init__(self, dataset: Dataset, calibrate: str, group: str | None) -> None:
        self._dataset, self._calibrate, self._group = dataset, calibrate, group
        self.left_out: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Item]:
        self.left_out.clear()
        for item in self._dataset.items():
            if not item.evidence:
                yield item
                continue
            kept = {name: one for name, one in item.evidence.items() if self._weighable(one)}
            self.left_out.update(item.evidence.keys() - kept.keys())
            yield replace(item, evidence=kept)

    def _weighable(self, one: Evidence) -> bool:
        if self._group is not None and self._calibrate == "labels":
            return one.saw_labels is False
        return weighable(one, self._calibrate)


def _left_out(name: str, lacking: Mapping[str, int]) -> list[str]:
    """Which evidence has no part in a posterior."""
    told = ", ".join(f"{count:,} of {what}" for what, count in sorted(lacking.items()) if count)
    return [f"{name}: left out for want of a leave-one-out form: {told}"] if told else []


def weighable(evidence: Evidence, calibrate: str) -> bool:
    """Whether labels can tell what this evidence is worth: blind, or with annotators held out."""
    return calibrate != "labels" or evidence.saw_labels is False or bool(evidence.leave_one_out)


def evidence_of(
    dataset: Dataset,
    specs: Sequence[str],
    failures: list[Failure],
    *,
    out: Path | None = None,
    saw_labels: bool | None = None,
) -> tuple[dict[str, EvidenceRows], list[str] | None]:
    """Evidence from the files that ``specs`` name, and the names of all that is to be used (None: what items carry).

    The rows are read when they are asked for, once. Raises :class:`UsageError` where a file is ``out``, which would be
    written over it.
    """
    given: dict[str, EvidenceRows] = {}
    files = evidence_files(specs)
    for name, file in files.items():
        if out is not None:
            check_out(out, file)
        rows = read_evidence(file, dataset.task, on_error=dataset.on_error, failures=failures)
        given[name] = ((row.id, _said(row.evidence, saw_labels)) for row in rows)
    use = [name for spec in specs for name in (evidence_files([spec]) or [spec])]
    return given, use or None


def _said(evidence: Evidence, saw_labels: bool | None) -> Evidence:
    """The evidence, with what the user says of it where it does not say so itself."""
    unsaid = saw_labels is not None and evidence.saw_labels is None
    return replace(evidence, saw_labels=saw_labels) if unsaid else evidence
