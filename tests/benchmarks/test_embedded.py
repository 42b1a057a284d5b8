"""The model card shows what was measured, of the packaged model, on everything."""

from __future__ import annotations

import doctest
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.embedded import acceptance, accuracy, card, catalog, chaosnli, lists, markdown, speed, tree, varierr
from benchmarks.results import read
from training.data import Pair

from labeldist.core.distribution import LabelDistribution
from labeldist.core.item import Explanation, Item
from labeldist.judging.pool import Pooled
from labeldist.models.embedded.model import PACKAGED
from labeldist.models.open import open_model

RUN = "run: python -m benchmarks.embedded && python -m benchmarks.embedded.card"
LABELS = ("entailment", "neutral", "contradiction")


def test_the_card_has_the_tables_of_the_results() -> None:
    text = card.CARD.read_text(encoding="utf-8")
    assert sorted(card.places(text)) == sorted(catalog.MEASUREMENTS)
    assert card.filled(text, read(catalog.RESULTS)) == text, RUN


def test_the_results_are_of_everything_and_of_the_packaged_model() -> None:
    results = read(catalog.RESULTS)
    assert list(results) == list(catalog.MEASUREMENTS), RUN
    packaged = json.loads((PACKAGED / "model.json").read_text(encoding="utf-8"))
    revision = open_model("embedded").revision
    for name, entry in results.items():
        assert entry["limit"] is None, f"{name} was a trial; {RUN}"
        assert entry["model"]["spec"] == "embedded", name
        assert entry["model"]["revision"] == revision, f"{name} is of other weights; {RUN}"
        # The transform is applied to what the weights give, and no part of the revision.
        for key in ("transform", "storage", "version"):
            assert entry["model"][key] == packaged[key], f"{name}, {key}; {RUN}"


def test_what_was_asked_beside_what_was_reached() -> None:
    sets = {"SNLI, held-out premises": {"accuracy": 0.8}, "MNLI matched dev": {"accuracy": 0.59}}
    found = acceptance.points({"accuracy": {"result": {"sets": sets}}})
    assert [(point.wanted, point.reached) for point in found] == [(0.80, True), (0.60, False)]


@pytest.mark.parametrize("module", [markdown, lists], ids=lambda module: module.__name__)
def test_examples_in_docstrings(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


def test_a_table_fills_its_place_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def shown(found: dict[str, Any]) -> str:
        return f"| {found['x']} |"

    monkeypatch.setitem(catalog.MEASUREMENTS, "accuracy", catalog.Measurement(accuracy.measure, shown))
    text = "before\n\n<!-- measured: accuracy -->\nold\n<!-- end -->\n\nafter\n"
    filled = card.filled(text, {"accuracy": {"result": {"x": 1}}})
    assert filled == "before\n\n<!-- measured: accuracy -->\n| 1 |\n<!-- end -->\n\nafter\n"
    assert card.filled(filled, {"accuracy": {"result": {"x": 1}}}) == filled


def mjd(*probabilities: float, mass: float = 1.0) -> Pooled:
    return Pooled(LabelDistribution(LABELS, probabilities), (0.1, 0.1, 0.1), (0.2, 0.2, 0.2), mass, 4)


def test_accuracy_by_hand() -> None:
    pairs = [Pair("p", "h", "entailment", "s"), Pair("p", "h", "neutral", "s")]
    found = accuracy.figures(pairs, [mjd(0.5, 0.25, 0.25), mjd(0.8, 0.1, 0.1, mass=0.5)])
    assert found["accuracy"] == 0.5
    assert found["standard error"] == round(0.5 / math.sqrt(2), 4)
    assert found["nll"] == round((math.log(2) + math.log(10)) / 2, 4)
    assert (found["mass"], found["smallest mass"], found["spread over orders"]) == (0.75, 0.5, 0.2)


def test_likelihood_of_votes_by_hand() -> None:
    voted = [(Pair("p", "h", "neutral", "s", votes=(1, 3, 0)), mjd(0.5, 0.25, 0.25))]
    found = accuracy.against_votes(voted)
    assert found["cross-entropy"] == round(0.25 * math.log(2) + 0.75 * math.log(4), 4)
    assert found["entropy of the labels"] == round(0.25 * math.log(4) - 0.75 * math.log(0.75), 4)


def test_chaosnli_takes_human_explanations_where_there_are_some(shared_data: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    rows = {}
    with (shared_data / "chaosnli" / "chaosnli_snli_explained.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            rows[row["uid"]] = row
    asked = chaosnli.asked_under("label-guided", chaosnli.source(None))
    assert len(asked) == len(rows) == 1514
    for item, shown in asked:
        row = rows[item.id]
        assert sorted(e.label for e in shown) == sorted(filter(None, row["old_labels"]))
        for explanation in shown:
            if explanation.label == row["gold_label"]:
                assert explanation.text in row["human_explanations_for_gold"]
            else:
                assert explanation.text == row["generated_explanations"][explanation.label[0]]


def test_the_341_items_are_asked_with_the_authors_selections(shared_data: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    names = varierr.names()
    assert len(names) == len(set(names)) == 20
    assert {name for pair in varierr.differences() for name in pair} <= set(names)
    dataset = varierr.source(3)
    assert [len(shown) for _, shown in varierr.asked_under("none", dataset)] == [0, 0, 0]
    assert [len(shown) for _, shown in varierr.asked_under("gpt4o mnli-guided longest", dataset)] == [5, 5, 5]
    [(_, shown), *_] = varierr.asked_under("mixtral varierr-guided first", dataset)
    assert [e.source for e in shown] == ["mixtral"] * 4


def test_items_for_speed_have_four_labels(shared_data: Path) -> None:
    items = speed.labelled(3)
    assert [len(item.labels) for item in items] == [4, 4, 4]


def test_the_tree_is_compared_with_the_same_logits() -> None:
    model = open_model("embedded")
    sequences = [model.encode("It rains." + " It rains again." * number) for number in (0, 70, 3, 70)]
    plain, through = (way(model, sequences, [2000, 3000]) for way in (tree.in_plain_batches, tree.through_the_tree))
    np.testing.assert_allclose(plain, through, atol=1e-4)
    assert np.abs(plain[0] - plain[2]).max() > 0.01


def test_rises_by_label_and_place() -> None:
    item = Item("1", {})
    asked = [(item, Explanation("a", "neutral"), 1), (item, Explanation("b", "neutral"), 2)]
    found = lists.by_label_and_place(asked, [0.25, -0.75])
    assert found["neutral"]["all"] == {"explanations": 2, "rises": 0.5, "mean change": -0.25}
    assert found["neutral"]["1"] == {"explanations": 1, "rises": 1.0, "mean change": 0.25}
    assert found["entailment"]["1"] is None
    assert found["all"]["2"]["rises"] == 0.0
