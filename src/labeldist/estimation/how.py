"""How an estimate is made: what its callers hand on, as one."""

from __future__ import annotations

from typing import TypedDict

from labeldist.core.errors import UsageError
from labeldist.core.registry import did_you_mean
from labeldist.estimation.other_population import POPULATIONS
from labeldist.estimation.point import Point
from labeldist.estimation.priors import PRIORS

CALIBRATIONS = ("labels", "reference", "off")


class How(TypedDict, total=False):
    """Options of an estimate, each with a default.

    ``calibrate`` is ``labels`` (empirical Bayes, no reference is used), ``reference`` (also corrected on the references
    of other items) or ``off`` (fixed pseudo-counts). ``prior`` is ``mixture`` (which knows kinds of items; beside a
    single Dirichlet, as far as labels speak for each) or ``dirichlet`` (that alone, as with references). ``point`` is
    ``mean``, ``median`` or ``median:N`` (:mod:`labeldist.estimation.point`). ``population`` is ``same``, or ``other``
    where the annotators are not the people asked about (a single Dirichlet, with assumptions). ``annotator_biases``:
    whether to learn how often named annotators who recur give each label (None: where held-out labels say that it
    helps). ``learn``: whether to keep what is learnt, for other items, which
    knows no annotators by name. ``mass``: the chance of the intervals.
    """

    calibrate: str
    prior: str
    point: str
    population: str
    annotator_biases: bool | None
    learn: bool
    mass: float
    seed: int


def check_how(how: How) -> None:
    """Refuse names that are none, what does not go together, and a chance of intervals that is none."""
    calibrate, population = how.get("calibrate", "labels"), how.get("population", "same")
    if calibrate not in CALIBRATIONS:
        raise did_you_mean("calibration", calibrate, CALIBRATIONS)
    if (prior := how.get("prior", "mixture")) not in PRIORS:
        raise did_you_mean("prior", prior, PRIORS)
    if population not in POPULATIONS:
        raise did_you_mean("population", population, POPULATIONS)
    if population == "other" and calibrate != "labels":
        why = {
            "reference": "references tell how other people label: leave --population out",
            "off": "the annotators' bias is learnt from their labels: use --calibrate labels",
        }
        raise UsageError(f"--population other with --calibrate {calibrate}", hint=why[calibrate])
    if how.get("learn") and how.get("annotator_biases"):
        raise UsageError(
            "biases of annotators in a calibration to keep, and nobody knows who will label other items",
            hint="leave one of the two out",
        )
    Point.of(how.get("point", "mean"))
    mass = how.get("mass", 0.9)
    if not 0 < mass < 1:
        raise UsageError(f"intervals with a chance of {mass}", hint="use a number between 0 and 1, such as 0.9")
