"""All that a report shows, from results and the labels that they were made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

import labeldist
from labeldist.calls.spent import spent_by_model
from labeldist.core.errors import InputError, Place, UsageError
from labeldist.core.item import Explanation
from labeldist.datasets.files import read_items
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.source import Dataset, open_source, reopened
from labeldist.estimation.estimate import Estimate, estimate
from labeldist.estimation.savings import Savings
from labeldist.evaluation.bootstrap import RESAMPLES
from labeldist.reporting.calibration import calibration_of, too_narrow
from labeldist.reporting.everything import Everything
from labeldist.reporting.experiments import view_experiment
from labeldist.reporting.fit import fitted, room
from labeldist.reporting.items import LABELS, REFERENCE, number, view_items
from labeldist.reporting.people import ends, view_annotators
from labeldist.reporting.provenance import provenance_of
from labeldist.reporting.read import carried_sets, read_items_at, read_set
from labeldist.reporting.results import Results, Said
from labeldist.reporting.shown import SHOWN, Wanted, check_wanted, sampled, shown_rows
from labeldist.reporting.told import (
    about_of_view,
    evaluated,
    in_short,
    learning_curve_of,
    measured_error,
    warnings_of,
)
from labeldist.reports.view import FORMAT, DistributionSet, Saved, View, ViewFacts
from labeldist.runs.about import FORMAT as ABOUT_FORMAT
from labeldist.runs.about import About, about_posterior
from labeldist.runs.describe import describe_dataset
from labeldist.runs.stage_report import Progress, silent

MOST_SEED = 2**53  # what scripts can count to
PAGE = 10_000  # items of a page
STEP = 1_000  # rows after which progress is told
T = TypeVar("T")
NEEDED = "a report shows what they and any evidence give together"


def dataset_of(results: Results, source: Dataset | None) -> Dataset:
    """The labels that results were made of: as given, as results say, or the file that is none of them.

    Raises :class:`UsageError` where nobody says, or two do.
    """
    if source is not None:
        return source
    if len(results.sources) > 1:
        raise UsageError(
            f"several files of labels: {', '.join(results.sources)}",
            hint="a report is of one source; name files of distributions NAME=FILE and labels --source FILE",
        )
    if results.sources:
        return open_source(results.sources[0], texts=False)
    opened_by = next((one["opened_by"] for one in results.abouts if one["opened_by"]), None)
    if opened_by is None:
        raise UsageError("these results do not say which labels they were made of", hint="name them: --source FILE")
    try:
        return reopened(opened_by)
    except InputError as error:
        error.hint = error.hint or "was it moved? Name it: --source FILE"
        raise


def gather(
    results: Results,
    dataset: Dataset,
    *,
    items: Wanted = SHOWN,
    bootstrap: int = RESAMPLES,
    seed: int = 0,
    progress: Progress = silent,
) -> View:
    """What a report of ``results`` on ``dataset`` shows.

    Without any distributions the posterior is estimated here, as ``labeldist estimate`` does, if there are labels.
    ``items``: how many are shown one by one, or which. Raises :class:`InputError` for bad rows.
    """
    check_wanted(items)
    if not 0 <= seed <= MOST_SEED:
        raise UsageError(f"a seed of {seed}", hint="use a whole number from 0 to 2^53")
    described = describe_dataset(dataset, show=[], bootstrap=bootstrap, seed=seed, biases=False)
    chosen = shown_rows(described.of_items, items, seed)
    ids = described.of_items.ids
    places, shown = {id_: at for at, id_ in enumerate(ids)}, {ids[at] for at in chosen}
    told = partial(counted, progress=progress, total=len(ids))
    read = read_items_at(told(dataset.items(), "read items"), dataset.task, places, shown)
    if not results.said and not (read.evidence and not described.of_items.counts.any()):
        results.abouts.append(_about_of(dataset, seed))
        results.add(estimated(dataset, seed))
    sets = []
    for said in results.said:
        rows = told(said.rows(), f"read {said.name}")
        sets.append(read_set(said, rows, dataset.task, places, shown))
    taken = {one.key for one in sets}
    sets += [one for one in carried_sets(read, dataset.task, dataset.items(), places) if one.key not in taken]
    everything = Everything(dataset, results, described, read, sets, chosen)
    evaluation, why_not = evaluated(everything, bootstrap, seed)
    view = view_of(everything, evaluation, sampled(chosen, len(ids), items, seed), seed)
    view["warnings"] = [*too_narrow(view["calibration"]), *view["warnings"], *why_not]
    view["in_short"] = in_short(view)
    return view


def counted(rows: Iterable[T], stage: str, *, progress: Progress, total: int) -> Iterator[T]:
    """``rows``, of which progress is told now and then."""
    for count, row in enumerate(rows, 1):
        if count % STEP == 0:
            progress(stage, STEP, total)
        yield row
    progress(stage, total % STEP, total)


def estimated(dataset: Dataset, seed: int) -> Said:
    """The posterior of labels, of evidence that the items carry, and of their texts."""
    found = estimate(dataset.labelled_items(NEEDED), task=dataset.task, texts=None, seed=seed)
    return said_by(found)


def _about_of(dataset: Dataset, seed: int) -> About:
    """What is told of an estimate that was made here."""
    return {
        "format": ABOUT_FORMAT,
        "labeldist": labeldist.__version__,
        "opened_by": dataset.opened_by,
        "settings": {"calibrate": "labels", "prior": "mixture", "seed": seed},
        "posteriors": [],
    }


def said_by(found: Estimate, name: str = "posterior") -> Said:
    """An estimate in memory as a result."""
    about = about_posterior(name, Path(name), found)
    return Said(name, "posterior", partial(_rows_of, found, name), about)


def _rows_of(found: Estimate, name: str) -> Rows:
    return ((Place(Path(name), at + 1), found.row(at)) for at in range(len(found.ids)))


def view_of(everything: Everything, evaluation: Mapping[str, Any] | None, shown: Any, seed: int) -> View:
    """All of it as JSON."""
    dataset, described, results = everything.dataset, everything.described, everything.results
    main = everything.main
    model = next((one for one in everything.sets if one.kind == "model"), None)
    of_items = described.of_items
    spent = [] if results.store is None else spent_by_model(results.store)
    about, labels = everything.about, dataset.task.label_names
    values = dataset.task.values
    shown_items = view_items(
        everything.rows,
        of_items.ids,
        of_items.counts,
        of_items.disagreement,
        everything.read,
        everything.sets,
        dataset.task,
        _pool(everything),
    )
    return {
        "format": FORMAT,
        "labeldist": labeldist.__version__,
        "title": dataset.name,
        "about": about_of_view(everything),
        "labels": [*labels],
        "values": None if values is None else [*values],
        "sets": [*_sets(everything)],
        "main": None if main is None else main.key,
        "model": None if model is None else model.key,
        "interval_mass": None if main is None else main.mass,
        "facts": _facts(everything, evaluation),
        "warnings": warnings_of(everything),
        "notes": [*described.notes],
        "in_short": [],
        "calibrated": [] if about is None else [*about["in_words"]],
        "shown": shown,
        "items": [*fitted(shown_items, room(min(len(everything.rows), PAGE)))],
        "annotators": view_annotators(described),
        "evaluation": None if evaluation is None else dict(evaluation),
        "calibration": calibration_of(everything.read, of_items.counts, everything.sets, labels, seed),
        "learning_curve": learning_curve_of(results.plan),
        "experiments": [view_experiment(folder) for folder in results.experiments],
        "cost": [
            {"model": one.model, "calls": one.calls, "prompt_tokens": one.prompt_tokens, "new_tokens": one.new_tokens}
            for one in spent
        ],
        "provenance": [*provenance_of(dataset, results.abouts, [one.model for one in spent])],
    }


def _sets(everything: Everything) -> Iterator[DistributionSet]:
    if everything.described.of_items.counts.any():
        yield {"key": LABELS, "name": "labels", "kind": "labels"}
    for one in everything.sets:
        yield {"key": one.key, "name": one.key, "kind": one.kind}
    if not np.isnan(everything.read.reference).all():
        yield {"key": REFERENCE, "name": REFERENCE, "kind": "reference"}


def _facts(everything: Everything, evaluation: Mapping[str, Any] | None) -> ViewFacts:
    described, main = everything.described, everything.main
    about = everything.about
    known = main is not None and not np.isnan(main.expected).all()
    kl, tvd = np.nanmean(main.expected, axis=0) if main is not None and known else (np.nan, np.nan)
    total = sum(described.label_counts.values())
    return {
        "items": described.items,
        "annotators": described.annotators,
        "labels": total,
        "labels_per_item": {str(size): times for size, times in described.labels_per_item.items()},
        "with_reference": described.with_reference,
        "label_shares": [count / total if total else None for count in described.label_counts.values()],
        "alpha": ends(next(iter(described.agreement.alpha.values()), None)),
        "unanimous": ends(described.agreement.unanimous),
        "saves": [_saved(one) for one in ([] if about is None else about["calibration"]["saves"])],
        "expected_kl": number(float(kl)),
        "expected_tvd": number(float(tvd)),
        "measured_kl": measured_error(everything, evaluation),
    }


def _saved(one: Mapping[str, Any]) -> Saved:
    found = Savings(tuple(one["evidence"]), one["labels"], one["low"], one["high"])
    return {
        "evidence": [*found.evidence],
        "labels": found.labels,
        "low": found.low,
        "high": found.high,
        "in_words": found.in_words(),
    }


def _pool(everything: Everything) -> dict[str, tuple[Explanation, ...]]:
    """The explanations that an explainer gave, by the id of a shown item."""
    file, shown = everything.results.explained, everything.read.shown
    if file is None or not file.stat().st_size:
        return {}
    items = read_items(file, everything.dataset.task, repeated="each")
    return {item.id: item.explanations for item in items if item.id in shown}
