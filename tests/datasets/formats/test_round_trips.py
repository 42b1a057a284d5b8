"""Whatever an item holds, it survives the way through each format that has room for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.datasets.formats.round_trip import back, real_items, same
from tests.datasets.test_rows import items

from labeldist.core.item import Annotation, Item
from labeldist.tasks.load import load_task

WHOLE = [
    ("argilla", ".jsonl"), ("argilla", ".json"), ("prodigy", ".jsonl"), ("doccano", ".zip"), ("mturk", ".csv"),
    ("hugging-face", ".parquet"), ("hugging-face", ""),
]  # fmt: skip
NLI = load_task("nli")


@pytest.mark.parametrize(("name", "suffix"), WHOLE)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(found=st.lists(items, min_size=1, max_size=4, unique_by=lambda item: item.id))
def test_all_of_an_item_survives(name: str, suffix: str, found: list[Item]) -> None:
    again = {item.id: same(item) for item in back(name, found, NLI, suffix)}
    assert again == {item.id: same(item) for item in found}


@pytest.mark.parametrize(("name", "suffix"), WHOLE)
def test_a_thousand_real_items_survive(name: str, suffix: str, shared_data: Path) -> None:
    found, task = real_items(shared_data)
    assert len(found) == 1000
    assert len({one.annotator for item in found for one in item.labels}) > 100
    again = back(name, found, task, suffix)
    if name == "doccano":  # has a file per annotator, so items come in another order
        again, found = sorted(again, key=lambda item: item.id), sorted(found, key=lambda item: item.id)
    assert [*map(same, again)] == [*map(same, found)]


@pytest.mark.parametrize(("name", "suffix"), WHOLE)
def test_counts_without_annotators_stay_counts(name: str, suffix: str) -> None:
    texts = {"premise": "It rains.", "hypothesis": "It is wet."}
    found = [
        Item("1", texts, (Annotation("entailment", times=3), Annotation("neutral", times=1))),
        Item("2", texts),
    ]
    assert back(name, found, NLI, suffix) == found
