"""What was learnt, as a JSON object and back: every number as it was, nothing that runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from labeldist.core.errors import InputError, Place, shown
from labeldist.estimation.clusters import Clustering
from labeldist.estimation.drift import Surprise
from labeldist.estimation.guidance import FEATURES, Guidance
from labeldist.estimation.labels import Belief, LabelFit
from labeldist.estimation.learnt import Learnt, Taught
from labeldist.estimation.links import Correction
from labeldist.estimation.mixture import Mixture
from labeldist.estimation.provenance import Provenance
from labeldist.estimation.savings import Savings
from labeldist.estimation.stack import Stack
from labeldist.estimation.stored_fields import Part

VERSION = 1
KEY = "labeldist_calibration"
NUMBERS_OF_FORM = {"mixture": 2, "smoothing": 1, "log-linear": FEATURES}
SUM_TOLERANCE = 1e-9


def as_row(learnt: Learnt) -> dict[str, Any]:
    """A JSON object of it."""
    return {
        KEY: VERSION,
        "learnt_on": None if learnt.provenance is None else asdict(learnt.provenance),
        "labels": learnt.labels,
        "evidence": [{"name": name, "scores": scored} for name, scored in learnt.evidence],
        "groups": learnt.groups,
        "calibrate": learnt.calibrate,
        "population": learnt.population,
        "fixed_concentration": learnt.fixed,
        "fit": _plain(learnt.fit),
        "base": _plain(learnt.base),
        "stack": None if learnt.stack is None else _plain(learnt.stack),
        "base_stack": None if learnt.base_stack is None else _plain(learnt.base_stack),
        "guided": [asdict(one) for one in learnt.guided],
        "clustering": None if learnt.clustering is None else asdict(learnt.clustering),
        "saves": [asdict(one) for one in learnt.saves],
        "taught": None if learnt.taught is None else _plain_taught(learnt.taught),
        "surprise": None if learnt.surprise is None else _plain(learnt.surprise),
    }


def from_row(whole: Part) -> Learnt:
    """What :func:`as_row` made the object of; raises :class:`InputError` with the field that is not as it should be."""
    if not isinstance(whole.value, Mapping) or KEY not in whole.value:
        whole.refuse("a calibration, as estimate --calibration-out writes it")
    if whole.of(KEY).whole() != VERSION:
        whole.of(KEY).refuse(f"{VERSION}", hint="it is of another version of labeldist: learn it anew")
    labels = whole.of("labels").texts()
    if len(labels) < 2:
        whole.of("labels").refuse("at least two labels")
    names = tuple((one.of("name").text(), one.of("scores").flag()) for one in whole.of("evidence").each())
    fit, base = (_fit(whole.of(key), len(labels)) for key in ("fit", "base"))
    _check_names(whole.of("fit").of("names"), fit.names, [name for name, _ in names])
    _check_names(whole.of("base").of("names"), base.names, [])
    fixed, provenance, found = whole.maybe("fixed_concentration"), whole.maybe("learnt_on"), whole.maybe("surprise")
    stack, base_stack = whole.maybe("stack"), whole.maybe("base_stack")
    clustering, taught = whole.maybe("clustering"), whole.maybe("taught")
    calibrate = whole.of("calibrate").one_of("labels", "reference")
    if (taught is not None) != (calibrate == "reference"):
        whole.of("taught").refuse(f"what goes with calibrate: {calibrate}")
    return Learnt(
        labels=labels,
        evidence=names,
        groups=whole.of("groups").texts(),
        calibrate=calibrate,
        population=whole.of("population").one_of("same", "other"),
        fixed=None if fixed is None else fixed.number(0, above=True),
        fit=fit,
        base=base,
        stack=None if stack is None else _stack(stack, len(labels), len(fit.names)),
        base_stack=None if base_stack is None else _stack(base_stack, len(labels), 0),
        guided=tuple(_guidance(one, fit.names) for one in whole.of("guided").each()),
        clustering=None if clustering is None else _clustering(clustering),
        saves=tuple(_savings(one) for one in whole.of("saves").each()),
        taught=None if taught is None else _taught(taught, len(labels)),
        surprise=None if found is None else _surprise(found, len(labels)),
        provenance=None if provenance is None else _provenance(provenance),
    )


def _plain(record: Any) -> dict[str, Any]:
    """A record and those in it, with lists in place of arrays."""
    return {key: _listed(value) for key, value in asdict(record).items()}


def _listed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _listed(one) for key, one in value.items()}
    return [_listed(one) for one in value] if isinstance(value, list | tuple) else value


def _plain_taught(taught: Taught) -> dict[str, Any]:
    parts = [{"link": name, "share": share, **_plain(made)} for name, made, share in taught.parts]
    return {"followed": taught.followed, "confidence": taught.confidence, "parts": parts}


def _check_names(place: Part, found: tuple[str, ...], known: list[str]) -> None:
    if odd := [name for name in found if name not in known]:
        raise InputError(
            shown(odd[0]),
            expected=f"evidence of the calibration: {', '.join(known) or 'none'}",
            place=Place(place.file, None, place.name),
        )


def _fit(part: Part, labels: int) -> LabelFit:
    names = part.of("names").texts()
    size, belief = labels + len(names) + 1, part.of("belief")
    return LabelFit(
        names=names,
        bias=part.of("bias").numbers(labels),
        weights=part.of("weights").numbers(len(names)),
        concentration=part.of("concentration").number(0, above=True),
        floor=part.of("floor").number(0, above=True),
        errors=part.of("errors").numbers(size, least=0),
        belief=Belief(belief.of("centre").numbers(size), belief.of("spread").numbers(size, least=0, above=True)),
        log_likelihood=part.of("log_likelihood").number(),
    )


def _stack(part: Part, labels: int, evidence: int) -> Stack:
    shares = part.of("shares").numbers(-1, least=0, above=True)
    if abs(shares.sum() - 1) > SUM_TOLERANCE:
        part.of("shares").refuse("shares that sum to 1")
    parts, plausible = (
        tuple(_mixture(one, labels, evidence) for one in part.of(key).each()) for key in ("parts", "plausible")
    )
    if len(parts) != len(shares):
        part.of("parts").refuse(f"{len(shares)} priors, as there are shares")
    return Stack(parts, tuple(shares.tolist()), plausible)


def _mixture(part: Part, labels: int, evidence: int) -> Mixture:
    alpha = part.of("alpha").numbers(-1, labels, least=0, above=True)
    return Mixture(
        alpha=alpha,
        log_weight=part.of("log_weight").numbers(len(alpha)),
        concentration=part.of("concentration").number(0),
        weights=part.of("weights").numbers(evidence),
        bias=part.of("bias").numbers(labels),
        gate=part.of("gate").number(),
        floor=part.of("floor").number(0, above=True),
    )


def _guidance(part: Part, names: tuple[str, ...]) -> Guidance:
    _check_names(part.of("name"), (part.of("name").text(),), [*names])
    form = part.of("form").one_of(*NUMBERS_OF_FORM)
    return Guidance(
        name=part.of("name").text(),
        form=form,
        explained=part.of("explained").number(),
        own=part.of("own").number(),
        parameters=tuple(part.of("parameters").numbers(NUMBERS_OF_FORM[form]).tolist()),
    )


def _clustering(part: Part) -> Clustering:
    return Clustering(
        groups=part.of("groups").texts(),
        within=part.of("within").number(0),
        across=part.of("across").number(0),
        correlation=part.of("correlation").number(),
        error=part.of("error").number(0),
        items=part.of("items").whole(),
    )


def _savings(part: Part) -> Savings:
    return Savings(part.of("evidence").texts(), *(part.of(key).number() for key in ("labels", "low", "high")))


def _taught(part: Part, labels: int) -> Taught:
    parts = tuple(
        (one.of("link").text(), _correction(one, labels), one.of("share").number(0, above=True))
        for one in part.of("parts").each()
    )
    return Taught(parts, part.of("followed").number(0), part.of("confidence").number(0, above=True))


def _correction(part: Part, labels: int) -> Correction:
    shared = len(list(part.of("shared").each()))
    crossed = len(list(part.of("crossed").each()))
    return Correction(
        bias=part.of("bias").numbers(labels),
        shared=part.of("shared").numbers(shared),
        crossed=part.of("crossed").numbers(crossed, labels),
        centre=part.of("centre").numbers(crossed),
        spread=part.of("spread").numbers(crossed, least=0, above=True),
    )


def _surprise(part: Part, labels: int) -> Surprise:
    return Surprise(
        part.of("items").whole(),
        part.of("mean").numbers(1 + labels),
        part.of("variance").numbers(1 + labels, least=0),
    )


def _provenance(part: Part) -> Provenance:
    return Provenance(
        source=part.of("source").text(),
        task=part.of("task").text(),
        items=part.of("items").whole(),
        labelled=part.of("labelled").whole(),
        references=part.of("references").whole(),
        date=part.of("date").text(),
        version=part.of("version").text(),
    )
