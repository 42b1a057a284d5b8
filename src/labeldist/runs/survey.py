"""A first reading of all the items, so that what cannot work is found before a model is asked anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from labeldist.core.errors import InputError, Place, UsageError
from labeldist.core.registry import did_you_mean
from labeldist.datasets.read_report import ReadReport
from labeldist.datasets.source import Dataset
from labeldist.estimation.how import CALIBRATIONS
from labeldist.estimation.references import FEWEST
from labeldist.explanations.condition import HUMAN, NONE, VALIDITY, Condition, parse_condition
from labeldist.explanations.parse import PARSERS
from labeldist.judging.orders import orders
from labeldist.judging.settings import JudgeSettings
from labeldist.judging.validity import VALIDITY_STYLES


@dataclass(frozen=True, slots=True)
class Survey:
    """What the items have: how many of them a reference or labels, which groups of annotators, whose explanations.

    ``evidence``: the names of what the items carry. ``unused``: the columns that nothing uses, in words;
    ``meant``: the same, with the likeliest to be meant as labels. ``skipped``: the failures of rows that were skipped.
    """

    items: int
    with_reference: int
    with_labels: int
    groups: tuple[str, ...]
    sources: tuple[str, ...]
    unused: str
    evidence: tuple[str, ...] = ()
    meant: str = ""
    skipped: tuple[dict[str, Any], ...] = ()


def survey(dataset: Dataset) -> Survey:
    """Read all the items once. Raises :class:`InputError` for the first bad row (or skips it), and for no items."""
    count = with_reference = with_labels = 0
    groups: dict[str, None] = {}
    sources: dict[str, None] = {}
    evidence: dict[str, None] = {}
    report = ReadReport()
    for item in dataset.items(report):
        count += 1
        with_reference += item.reference is not None
        with_labels += bool(item.labels)
        groups |= dict.fromkeys(item.groups())
        sources |= dict.fromkeys(part.source for part in item.explanations)
        sources |= dict.fromkeys(part.source for part in item.answers)
        evidence |= dict.fromkeys(item.evidence)
    if not count:
        skipped = f" ({len(report.failures)} rows were skipped)" if report.failures else ""
        part = f" in the shard {dataset.shard}" if dataset.shard else ""
        raise InputError(f"no items{part}{skipped}", expected="at least one", place=Place(dataset.path))
    columns = report.columns
    return Survey(
        count,
        with_reference,
        with_labels,
        tuple(groups),
        tuple(sources),
        columns.listed(),
        tuple(evidence),
        columns.told() if columns.unused else "",
        report.rows(),
    )


def told(dataset: Dataset) -> tuple[str, ...]:
    """How a file of the user's own was read, where that was found out."""
    return (dataset.told,) if dataset.told else ()


def notes_of(found: Survey) -> list[str]:
    """What the items lack, so that a column under a wrong name does not go unnoticed."""
    columns = f" ({found.unused})" if found.unused else ""
    notes = []
    if not found.with_labels:
        meant = f" ({found.meant})" if found.meant else ""
        notes.append(f"no item has labels{meant}: no label-guided explanations, and no baselines from labels")
    elif found.with_labels < found.items:
        notes.append(f"{found.items - found.with_labels:,} of {found.items:,} items have no labels")
    if not found.with_reference:
        notes.append(f"no item has a reference{columns}: nothing to evaluate against")
    if found.evidence:
        notes.append(
            f"evidence that the items carry has no part in a run's posterior: {', '.join(found.evidence)}. "
            "`labeldist estimate` takes it, and the run's MJDs as files"
        )
    return notes


def leaks(dataset: Dataset, by_people: bool) -> list[str]:
    """What to know where annotators are held out and a judge sees explanations ``by_people``.

    Explanations do not say which annotator wrote them, so they may come from those of the reference.
    """
    if dataset.reference_annotators is None or not by_people:
        return []
    return [
        "explanations by people may be by annotators who are held out: a distribution judged with them may have seen "
        "its reference, and then looks closer to it than it is"
    ]


def conditions_of(specs: Sequence[str], found: Survey, answers: str = "auto") -> list[Condition]:
    """The conditions that ``specs`` name, each once; without any, those that the items allow.

    ``answers``: those of validity are asked of explanations alone, so there is one condition.
    """
    if answers in VALIDITY_STYLES:
        if any(spec != VALIDITY for spec in specs):
            raise UsageError(
                f"explanations {', '.join(specs)} to judge with, and answers about their validity",
                hint="leave out --answers, and add validity to --explanations",
            )
        specs = (VALIDITY,)
    guided = ("label-guided",) if found.with_labels == found.items else ()
    conditions = (parse_condition(spec, found.groups) for spec in specs or ("none", "label-free", *guided))
    return list({condition.name: condition for condition in conditions}.values())


def needs_pool(conditions: Sequence[Condition]) -> bool:
    """Whether any condition chooses from explanations of a model."""
    return any(condition.guide not in (NONE, HUMAN) for condition in conditions)


def check_calibration(calibrate: str, found: Survey) -> None:
    """Refuse a calibration that does not exist, or that needs more references than there are."""
    if calibrate not in CALIBRATIONS:
        raise did_you_mean("calibration", calibrate, CALIBRATIONS)
    if calibrate == "reference" and found.with_reference < FEWEST:
        raise InputError(
            f"{found.with_reference} items with a reference",
            expected=f"at least {FEWEST} for --calibrate reference",
            hint="use --calibrate labels",
        )


def check_source(source: str, found: Survey) -> None:
    """Refuse a source of explanations that no item has."""
    if source not in found.sources:
        raise did_you_mean("source of explanations among the items", source, found.sources)


def check_items(dataset: Dataset, conditions: Sequence[Condition], settings: JudgeSettings) -> None:
    """See that each item has what the conditions take, and that so many explanations have the orders asked for.

    Raises :class:`InputError` for an item that lacks something (unless the data set skips errors: then that item will
    be a failure of its condition), :class:`~labeldist.core.errors.UsageError` for orders that cannot be, and for a
    setting of validity where none is asked about.
    """
    if settings.per_label is not None and all(condition.guide != VALIDITY for condition in conditions):
        raise UsageError("--per-label without validity", hint=f"add {VALIDITY} to --explanations")
    lengths = set()
    for item in dataset.items():
        for condition in conditions:
            try:
                wanted = condition.wanted(item, dataset.task)
                if condition.guide != VALIDITY:
                    lengths.add(len(wanted))
            except InputError as error:
                if dataset.on_error == "stop":
                    raise _located(error, condition, dataset) from error
    check_orders(lengths, dataset, settings)


def check_orders(lengths: Iterable[int], dataset: Dataset, settings: JudgeSettings) -> None:
    """Refuse orders that are too many for one of these numbers of explanations."""
    for length in sorted(lengths):
        orders(settings.orders, length, len(dataset.task.labels), seed=settings.seed)


def check_profile(profile: str | None) -> None:
    """Refuse a parser profile that does not exist."""
    if profile is not None:
        PARSERS.get(profile)


def _located(error: InputError, condition: Condition, dataset: Dataset) -> InputError:
    place = Place(dataset.path, field="explanations" if condition.guide == HUMAN else "labels")
    return InputError(error.found, expected=error.expected, place=place, hint=error.hint)
