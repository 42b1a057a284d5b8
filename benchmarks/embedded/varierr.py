"""Human against model explanations, by this judge: the paper's 341 items under every kind of explanations."""

from __future__ import annotations

import itertools
from typing import Any

from benchmarks.embedded.comparison import compared, table_of_differences, table_of_rows
from benchmarks.embedded.judging import BALANCED, Asked, by_id, judged
from benchmarks.embedded.setup import Setup, opened
from labeldist.datasets.source import Dataset, open_source
from labeldist.explanations.condition import parse_condition
from labeldist.explanations.generate import parsed_explanations

WRITERS = ("llama3", "mixtral", "gpt4o")
GUIDES = ("label-free", "varierr-guided", "mnli-guided")
RANKINGS = ("first", "longest")
GUIDED = "varierr-guided"


def source(limit: int | None) -> Dataset:
    """The 341 items with human explanations and the raw answers of the three models."""
    return open_source("mjd-estimator", limit=limit)


def names() -> list[str]:
    """The rows: ``none``, ``human``, and WRITER GUIDE RANKING."""
    return ["none", "human", *(" ".join(parts) for parts in itertools.product(WRITERS, GUIDES, RANKINGS))]


def differences() -> list[tuple[str, str]]:
    """Each VariErr-guided row against none, against label-free of the same writer, and against human."""
    found = [("human", "none")]
    for writer, ranking in itertools.product(WRITERS, RANKINGS):
        guided = f"{writer} {GUIDED} {ranking}"
        found += [(guided, other) for other in ("none", f"{writer} label-free {ranking}", "human")]
    return found


def asked_under(name: str, dataset: Dataset) -> list[Asked]:
    """Each item with the explanations of a row of :func:`names`, read and selected as the authors did."""
    if name in ("none", "human"):
        condition = parse_condition(name)
        return [(item, condition.choose(item, (), dataset.task)) for item in dataset.items()]
    writer, guide, ranking = name.split()
    condition = parse_condition(f"{guide}:{ranking}")
    return [
        (item, condition.choose(item, parsed_explanations(item, writer, f"mjd-estimator:{writer}"), dataset.task))
        for item in dataset.items()
    ]


def measure(setup: Setup) -> dict[str, Any]:
    """Rows and differences; 12 balanced orders, which without explanations are all 6 orders of the options."""
    dataset = source(setup.limit)
    predictions = {}
    with opened(setup.model) as model:
        for name in names():
            asked = asked_under(name, dataset)
            predictions[name] = by_id(asked, judged(f"varierr, {name}", asked, dataset.task, model, BALANCED))
    return compared(list(dataset.items()), predictions, dataset.task, differences())


def rendered(result: dict[str, Any]) -> str:
    """The tables of the model card."""
    return "\n\n".join([table_of_rows(result, f"{result['items']:,} items"), table_of_differences(result)])
