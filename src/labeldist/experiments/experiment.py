"""What an experiment is, and the decorator that registers one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labeldist.core.registry import Registry
from labeldist.experiments.findings import Findings

if TYPE_CHECKING:
    from labeldist.experiments.context import ExperimentContext

Work = Callable[["ExperimentContext"], Findings]
Require = Callable[["ExperimentContext"], None]


def nothing(context: ExperimentContext) -> None:
    """Requires nothing of the context."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A named experiment: the question that it answers, in one sentence, and the function that carries it out.

    ``source``: the data set that it uses where none is named. ``explainer``: who explains unless somebody is named, and
    ``parser`` how its answers are then read: as published, so that every item has explanations and numbers compare.
    ``requires``: raises where the items as they are do not do, before a model is asked anything.
    ``beyond``: whether it goes beyond the paper (arXiv 2412.13942) instead of repeating what is in it.
    """

    name: str
    title: str
    question: str
    run: Work
    source: str = "mjd-estimator"
    explainer: str = "items:llama3"
    parser: str | None = "mjd-estimator:llama3"
    requires: Require = nothing
    beyond: bool = False


EXPERIMENTS: Registry[Experiment] = Registry(
    "experiment", "labeldist.experiments.named", group="labeldist.experiments", part_type=Experiment
)


def experiment(
    name: str,
    *,
    title: str,
    question: str,
    source: str = "mjd-estimator",
    explainer: str = "items:llama3",
    parser: str | None = "mjd-estimator:llama3",
    requires: Require = nothing,
    beyond: bool = False,
) -> Callable[[Work], Work]:
    """Decorator that registers a function (context) -> findings as the experiment ``name``."""

    def register(run: Work) -> Work:
        known = Experiment(name, title, question, run, source, explainer, parser, requires, beyond)
        EXPERIMENTS.add(name)(known)
        return run

    return register
