"""The paper's main table (arXiv 2412.13942, section 5): which explanations bring the MJD closest to the HJD."""

from __future__ import annotations

import itertools

from labeldist.core.distribution import PSEUDO_COUNT
from labeldist.estimation.references import FEWEST
from labeldist.evaluation.baselines import smoothed_by
from labeldist.experiments.conditions import conditions
from labeldist.experiments.context import ExperimentContext, Judged
from labeldist.experiments.experiment import experiment
from labeldist.experiments.findings import Chart, Factor, Findings
from labeldist.experiments.measure import Entry
from labeldist.explanations.condition import DEFAULT_RANKING, HUMAN, NONE, Condition

PAPER_TRANSFORM = "softmax:20"
VARIANTS = "MJDs, asked or read otherwise"


@experiment(
    "main",
    title="Explanations and the distance of MJDs to human judgments",
    question="Do explanations bring a model's judgments closer to those of many people, do explanations written by a "
    "model serve as well as human ones, and does either beat the labels that guided them?",
)
def main(context: ExperimentContext) -> Findings:
    """None, human, label-free, guided; first, longest; implicit, explicit; two transforms; baselines; posteriors."""
    plain = {condition: plain_mjd(context, condition) for condition in conditions(context, ("first", "longest"))}
    mjds = [Entry(mjd.name, factors(condition), (mjd.distributions,), "MJDs") for condition, mjd in plain.items()]
    posteriors = posterior_entries(context, plain)
    baselines = context.baselines()
    names = {condition: mjd.name for condition, mjd in plain.items()}
    bases = [one for one in names if one.guide in (NONE, HUMAN)]
    return context.find(
        [*mjds, *(entry for condition in plain for entry in variants(context, condition)), *posteriors, *baselines],
        compare=[
            *((mjd, names[other]) for other in bases for one, mjd in names.items() if one not in bases),
            *((names[one], names[other]) for one, other in itertools.pairwise(reversed(bases))),
            *((name, other) for one, name in names.items() for other in smoothed(baselines, one.group)),
            *((one.name, other) for one in posteriors for other in smoothed(baselines, str(one.factors["annotators"]))),
        ],
        charts=[
            Chart("explanations", "labels said", ("kl", "tvd", "dcorr"), "MJDs and posteriors against the reference")
        ],
    )


def plain_mjd(context: ExperimentContext, condition: Condition) -> Judged:
    """The MJD with explanations as they are; with annotators held out, where the posterior will need that."""
    leave_one_out = condition.saw_labels and condition.ranking == DEFAULT_RANKING
    return context.judged(f"MJD {condition.name}", condition, leave_one_out=leave_one_out)


def variants(context: ExperimentContext, condition: Condition) -> list[Entry]:
    """The same condition with labels said after each explanation, and with the paper's transform."""
    own = context.settings.judge.for_model(context.judge, len(context.labels)).transform
    found = []
    for explicit in (False, True) if condition.guide != NONE else (False,):
        for transform in (own, *([PAPER_TRANSFORM] if own != PAPER_TRANSFORM else [])):
            if not explicit and transform == own:
                continue
            what = [*(["explicit"] if explicit else []), *([transform] if transform != own else [])]
            name = ", ".join([f"MJD {condition.name}", *what])
            mjd = context.judged(name, condition, explicit=explicit, transform=transform)
            found.append(Entry(name, factors(condition, explicit, transform), (mjd.distributions,), VARIANTS))
    return found


def factors(condition: Condition, explicit: bool = False, transform: str = "") -> dict[str, Factor]:
    """What was varied."""
    return {
        "explanations": condition.name,
        "labels said": "explicit" if explicit else "implicit",
        "transform": transform or "as the model suits",
    }


def posterior_entries(context: ExperimentContext, mjds: dict[Condition, Judged]) -> list[Entry]:
    """A posterior of all labels, and one for each group that guided explanations, from the MJDs that they can weigh.

    Where there are enough references, also one that other items' references correct, from all MJDs.
    """
    usable = {one: mjd for one, mjd in mjds.items() if one.ranking == DEFAULT_RANKING}
    entries = []
    for group in dict.fromkeys([None, *(one.group for one in usable)]):
        evidence = [mjd for one, mjd in usable.items() if not one.saw_labels or one.group == group]
        name = f"posterior of {group or 'all'} labels"
        varied: dict[str, Factor] = {"explanations": name, "labels said": "posterior", "annotators": group or "all"}
        entries.append(
            Entry(name, varied, (context.posterior(evidence, annotators=group),), "Posteriors: labels with MJDs")
        )
    if len(context.references) >= FEWEST:
        name = "posterior of all labels, corrected on other items' references"
        varied = {"explanations": name, "labels said": "posterior", "annotators": "all"}
        found = context.posterior(list(usable.values()), calibrate="reference")
        entries.append(Entry(name, varied, (found,), "Posteriors: labels with MJDs"))
    return entries


def smoothed(baselines: list[Entry], group: str | None) -> list[str]:
    """The baselines of that group's labels (None: of every group, and of all), half a pseudo-count per label added.

    Where annotators have no groups, or one, the only such baseline is that of all.
    """
    found = [entry for entry in baselines if entry.way == smoothed_by(PSEUDO_COUNT)]
    return [entry.name for entry in found if group in (None, entry.group)] or [entry.name for entry in found]
