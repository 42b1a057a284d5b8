"""ChaosNLI-SNLI, all 1,514 items: no explanations, one per label, and as many as the 5 original labels say."""

from __future__ import annotations

from typing import Any

from benchmarks.embedded.comparison import compared, table_of_differences, table_of_rows
from benchmarks.embedded.judging import BALANCED, Asked, by_id, judged
from benchmarks.embedded.setup import Setup, opened
from labeldist.core.errors import InputError, Place
from labeldist.core.item import Explanation, Item
from labeldist.datasets.source import Dataset, open_source
from labeldist.explanations.condition import HUMAN, parse_condition

CONDITIONS = ("none", "label-free", "label-guided")
DIFFERENCES = (("label-guided", "none"), ("label-guided", "label-free"), ("label-free", "none"))


def source(limit: int | None) -> Dataset:
    """The items of ChaosNLI-SNLI, with the explanations of the joined file."""
    return open_source("chaosnli-snli", limit=limit)


def asked_under(condition: str, dataset: Dataset) -> list[Asked]:
    """Each item with the explanations that the library selects under ``condition``."""
    chosen = parse_condition(condition)
    return [(item, chosen.choose(item, pool_of(item, dataset), dataset.task)) for item in dataset.items()]


def pool_of(item: Item, dataset: Dataset) -> list[Explanation]:
    """Per label the human explanations where there are some (those of the gold label), else the machine one."""
    found = [explanation for explanation in item.explanations if explanation.text.strip()]
    if not found:
        raise InputError(
            f"no explanation of item {item.id!r}",
            expected="the joined file chaosnli/chaosnli_snli_explained.jsonl in the data folder",
            place=Place(dataset.path),
            hint="set LABELDIST_DATA to a folder that has it",
        )
    by_humans = {explanation.label for explanation in found if explanation.source == HUMAN}
    return [one for one in found if one.source == HUMAN or one.label not in by_humans]


def measure(setup: Setup) -> dict[str, Any]:
    """Rows and differences. Without explanations ``balanced:12`` means all 6 orders of the options."""
    dataset = source(setup.limit)
    predictions = {}
    with opened(setup.model) as model:
        for condition in CONDITIONS:
            asked = asked_under(condition, dataset)
            found = judged(f"chaosnli, {condition}", asked, dataset.task, model, BALANCED)
            predictions[condition] = by_id(asked, found)
    return compared(list(dataset.items()), predictions, dataset.task, DIFFERENCES)


def rendered(result: dict[str, Any]) -> str:
    """The tables of the model card."""
    return "\n\n".join([table_of_rows(result, f"{result['items']:,} items"), table_of_differences(result)])
