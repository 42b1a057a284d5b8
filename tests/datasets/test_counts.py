"""Counts stay counts: what annotators are not known by is never a record per vote."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from labeldist.core.errors import InputError, Place
from labeldist.core.item import Annotation, Item
from labeldist.datasets.reference_annotators import ReferenceAnnotators, with_reference
from labeldist.datasets.rows import item_from_row
from labeldist.datasets.source import open_source
from labeldist.datasets.written_rows import item_to_row
from labeldist.evaluation.compare import evaluate
from labeldist.explanations.condition import parse_condition
from labeldist.runs.posterior import estimate_to_file
from labeldist.tasks.load import load_task

NLI = load_task("nli")
ROW = {"id": "1", "premise": "It rains.", "hypothesis": "It is wet."}


def counted(**labels: int) -> Item:
    return item_from_row(ROW | {"labels": labels}, NLI, Place())


def test_small_files_of_large_counts_stay_small(tmp_path: Path) -> None:
    """They had become a record per vote: 39 KB made 1.7 GB."""
    file = tmp_path / "items.jsonl"
    rows = (ROW | {"id": str(at), "labels": {"e": 900_000, "n": 90_000}, "reference": {"e": 1}} for at in range(300))
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    estimate_to_file(open_source(str(file)), tmp_path / "first.jsonl")  # imports
    tracemalloc.start()
    try:
        estimate_to_file(open_source(str(file)), tmp_path / "posterior.jsonl")
        evaluate(open_source(str(file)).items(), {}, NLI, metrics=["tvd"], bootstrap=2)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
    assert json.loads((tmp_path / "posterior.jsonl").read_text().splitlines()[7])["label_counts"]["neutral"] == 90_000


def test_counts_come_back_as_they_were() -> None:
    item = counted(e=3, n=1)
    assert item_to_row(item)["labels"] == {"entailment": 3, "neutral": 1}
    assert item_from_row(item_to_row(item), NLI, Place()) == item
    mixed = Item("1", {}, (Annotation("neutral", "a"), Annotation("neutral", times=2)))
    assert item_to_row(mixed)["labels"] == [{"annotator": "a", "label": "neutral"}, "neutral", "neutral"]
    assert mixed.votes() == {"neutral": 3}


@pytest.mark.parametrize("seed", range(5))
def test_whoever_is_held_out_is_the_same_of_counts_and_of_a_list(seed: int) -> None:
    """Draws are those of the annotators one by one, so that a form of the file changes nothing."""
    listed = item_from_row(ROW | {"labels": ["e"] * 4 + ["n"] * 3 + ["c"]}, NLI, Place())
    one, other = (with_reference(item, ReferenceAnnotators(3, seed)) for item in (listed, counted(e=4, n=3, c=1)))
    assert one.votes() == other.votes()
    assert one.votes().total() == 5
    assert one.reference == other.reference
    many = with_reference(counted(e=999_999, n=1), ReferenceAnnotators(2, seed))
    assert many.votes().total() == 999_998


def test_counts_that_no_data_set_has_are_refused() -> None:
    with pytest.raises(InputError, match="at most 1000000 labels"):
        counted(e=1_000_001)


def test_each_label_that_guides_takes_an_explanation_so_there_is_a_most() -> None:
    guided = parse_condition("label-guided")
    assert guided.wanted(counted(e=2, n=1), NLI) == ("entailment", "entailment", "neutral")
    with pytest.raises(InputError, match="at most 10,000"):
        guided.wanted(counted(e=10_001), NLI)
