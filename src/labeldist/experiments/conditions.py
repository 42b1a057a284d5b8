"""What items allow an experiment to show: conditions, human explanations. Shared by several experiments."""

from __future__ import annotations

from labeldist.core.errors import InputError, Place, UsageError
from labeldist.core.item import Explanation, Item
from labeldist.experiments.context import ExperimentContext
from labeldist.explanations.condition import HUMAN, LABEL_GUIDED, NONE, Condition

LABEL_FREE = "label-free"


def human_explanations(item: Item) -> tuple[Explanation, ...]:
    """The explanations of ``item`` that people wrote, in the order of the data."""
    return tuple(explanation for explanation in item.explanations if explanation.source == HUMAN)


def require_human(context: ExperimentContext) -> None:
    """Raise where an item has no human explanation, or where those who are held out may have written them."""
    if context.dataset.reference_annotators is not None:
        raise UsageError(
            "human explanations with --reference-annotators: annotators of the reference may have written them",
            hint="use a source with references of its own, or another experiment",
        )
    lacking = [item.id for item in context.items if not human_explanations(item)]
    if lacking:
        raise InputError(
            f"{len(lacking):,} items without a human explanation, such as {lacking[0]!r}",
            expected="human explanations of every item for this experiment",
            place=Place(context.dataset.path, field="explanations"),
            hint="use a source that has them, such as mjd-estimator or varierr",
        )


def require_labels(context: ExperimentContext) -> None:
    """Raise where an item has no label."""
    lacking = [item.id for item in context.items if not item.labels]
    if lacking:
        raise InputError(
            f"{len(lacking):,} items without labels, such as {lacking[0]!r}",
            expected="labels of every item for this experiment",
            place=Place(context.dataset.path, field="labels"),
            hint="take them out of the file, or use a source whose items all have labels",
        )


def guided(context: ExperimentContext, ranking: str = "first") -> list[Condition]:
    """Label-guided selection by each group of annotators that labelled every item; by all where no group did."""
    groups = [group for group in context.groups if all(group in item.groups() for item in context.items)]
    if groups:
        return [Condition(LABEL_GUIDED, group, ranking) for group in groups]
    return [Condition(LABEL_GUIDED, None, ranking)] if all(item.labels for item in context.items) else []


def conditions(context: ExperimentContext, rankings: tuple[str, ...] = ("first",)) -> list[Condition]:
    """None, human where every item has such, label-free and guided ones, these with each of ``rankings``.

    Human ones are left out where annotators are held out, who may have written them.
    """
    human = context.dataset.reference_annotators is None and all(human_explanations(item) for item in context.items)
    found = [Condition(NONE), *([Condition(HUMAN)] if human else [])]
    for ranking in rankings:
        found += [Condition(LABEL_FREE, ranking=ranking), *guided(context, ranking)]
    return found
