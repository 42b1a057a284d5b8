"""``labeldist.estimate``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Unpack

from labeldist.api.read import Reading, opened
from labeldist.api.said import files_in, named, said_rows
from labeldist.core.errors import UsageError, shown
from labeldist.core.item import Evidence
from labeldist.datasets.evidence import item_evidence
from labeldist.datasets.files import records_from_rows
from labeldist.datasets.source import Dataset
from labeldist.estimation import estimate as estimation
from labeldist.estimation.estimate import Estimate
from labeldist.estimation.how import How
from labeldist.estimation.texts.evidence import is_text
from labeldist.runs.calibration_file import asked_calibration, write_calibration


def estimate(
    source: Any,
    evidence: Any = None,
    *,
    saw_labels: bool | None = None,
    texts: bool | str | Sequence[str] = True,
    calibrate: str = "labels",
    prior: str = "mixture",
    point: str = "mean",
    population: str = "same",
    annotator_biases: bool | None = None,
    annotators: str | None = None,
    calibration: str | Path | None = None,
    calibration_out: str | Path | None = None,
    interval: float = 0.9,
    seed: int = 0,
    **how: Unpack[Reading],
) -> Estimate:
    """The posterior distribution of each item of ``source``, from its labels and what models say of it.

    ``source`` is as for :func:`labeldist.read`, and so is ``how``. ``evidence``: {name: a file, a data frame with a
    column per label, an array of items by labels, or {id: {label: probability}}}, or one of these alone.
    ``saw_labels``: whether the model saw these items' labels, where evidence does not say so itself; what saw them, or
    may have, is refused unless ``calibrate`` is ``reference`` or ``off``. ``texts``: whether to learn from the items'
    texts, where 200 items or more have labels; or by what, ``text`` (n-grams), ``text:FOLDER`` (a sentence encoder), or
    both. ``prior``: ``mixture`` knows kinds of items; ``dirichlet`` does not. ``point``: what stands for a posterior,
    ``mean`` (nearest by KL), ``median`` (by Wasserstein distance on a scale, else by TVD) or ``median:N`` (nearest to
    the labels of N annotators). ``population``: ``other`` where the annotators are not the people asked about, such as
    experts for a crowd; that rests on assumptions. ``annotator_biases``: whether annotators have a hand of their own
    (None: if labels say so). ``annotators``: whose labels count, a group. ``calibration_out``: a file (.json) for what
    is learnt; ``calibration``: such a file, applied in place of learning from these items. ``interval``: the chance
    that an interval holds the true probability.

    >>> from labeldist.core.item import Annotation, Item
    >>> items = [Item(str(at), {}, (Annotation("ok"), Annotation("ok" if at % 3 else "toxic"))) for at in range(30)]
    >>> known = estimate(items)
    >>> known.labels, known.mean.shape
    (('ok', 'toxic'), (30, 2))
    >>> medians = estimate(items, point="median", prior="dirichlet")
    >>> medians.row(0)["point"], medians.row(0)["prior_used"]
    ('median', 'dirichlet')
    """
    asked: How = {"calibrate": calibrate, "prior": prior, "point": point, "population": population}
    asked |= {"annotator_biases": annotator_biases, "mass": interval, "seed": seed}
    asked |= {"learn": calibration_out is not None}
    given = [] if evidence is None else [*named(evidence, "model")]
    dataset = opened(source, how, evidence=files_in(given))
    learnt = asked_calibration(calibration, calibration_out, calibrate, population, dataset.inputs)
    found = estimation.estimate(
        dataset.items(),
        evidence_of(dataset, given, saw_labels) or None,
        task=dataset.task,
        annotators=annotators,
        texts=text_names(texts),
        unknown_ids=unknown_ids(dataset),
        learnt=learnt,
        **asked,
    )
    write_calibration(calibration_out, found, dataset)
    return replace(found, kind=dataset.kind)


def text_names(texts: bool | str | Sequence[str]) -> Sequence[str] | None:
    """The names of evidence from texts; None for what is taken unasked.

    >>> text_names(True), text_names(False), text_names("text")
    (None, (), ('text',))
    """
    if isinstance(texts, bool):
        return None if texts else ()
    names = (texts,) if isinstance(texts, str) else tuple(texts)
    for name in names:
        if not is_text(name):
            raise UsageError(f"evidence from texts named {shown(name)}", hint="use text, or text:FOLDER, or both")
    return names


def unknown_ids(dataset: Dataset) -> Literal["stop", "skip"]:
    """What becomes of evidence of items that are not there: where some are left out on purpose, it is, too."""
    return "stop" if dataset.on_error == "stop" and dataset.limit is None else "skip"


def evidence_of(
    dataset: Dataset, given: list[tuple[str, Any]], saw_labels: bool | None
) -> Mapping[str, list[tuple[str, Evidence]]]:
    """The rows of all evidence by its name, checked as those of files are."""
    found = {}
    for name, value in given:
        rows = said_rows(name, value, dataset, saw_labels)
        found[name] = [(row.id, row.evidence) for row in records_from_rows(rows, dataset.task, item_evidence)]
    return found
