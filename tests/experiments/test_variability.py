"""The experiments on how explanations vary, on published items with the scripted model."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from labeldist.datasets.source import open_source
from labeldist.evaluation.metric import METRICS
from labeldist.evaluation.variability.similarity import SIMILARITIES, Tools
from labeldist.experiments.conditions import human_explanations
from labeldist.experiments.correlations import ACROSS, MEAN, Explained, correlations, distances
from labeldist.experiments.findings import Cell, Findings
from labeldist.experiments.run import run_experiment
from labeldist.experiments.settings import ExperimentSettings
from labeldist.experiments.similarity import (
    Comparison,
    by_item,
    by_label,
    counts,
    differences,
    group_values,
    means,
    per_item,
)
from labeldist.runs.stages import explanation_pool

WORDS = Comparison((SIMILARITIES.get("word-1"),), Tools(), ())
HOW = {"resamples": 100, "seed": 0}


def test_an_item_is_the_mean_of_its_labels_and_counts_once() -> None:
    groups = {
        ("1", "yes"): ["a b", "a c", "a d"],  # every pair shares one of two words: 1/2
        ("1", "no"): ["a", "a"],  # 1
        ("2", "yes"): ["a", "b"],  # 0
        ("2", "no"): ["a"],
        ("3", "yes"): ["x"],
    }
    values = group_values(groups, WORDS)
    assert per_item(values) == {"word-1": {"1": pytest.approx(0.75), "2": 0}}
    assert means(per_item(values), **HOW)["word-1"].value == pytest.approx(0.375)
    found = counts(groups)
    assert found["items and labels"].value == 3
    assert found["items and labels"].items == 2
    assert found["explanations of each"].value == pytest.approx(7 / 3)
    assert found["tokens of an explanation"].value == pytest.approx((6 + 2 + 2) / 7)
    assert by_item(groups)["2", ""] == ["a", "b", "a"]


def test_differences_are_over_the_groups_that_both_have() -> None:
    one = group_values({("1", "yes"): ["a", "a"], ("1", "no"): ["a", "b"], ("2", "yes"): ["a", "a"]}, WORDS)
    other = group_values({("1", "yes"): ["a", "b"], ("1", "no"): ["a"], ("3", "yes"): ["a", "a"]}, WORDS)
    (found,) = differences(("one", "other"), one, other, **HOW)
    assert (found.cell, found.other, found.column) == ("one", "other", "word-1")
    assert found.interval.value == 1  # of item 1 only "yes": 1 minus 0
    assert found.interval.items == 1


@pytest.fixture(scope="module")
def explained() -> tuple[list[Explained], dict[str, tuple[float, ...]]]:
    """Three conditions on 40 items, one of which lacks an item."""
    chance = np.random.default_rng(8)
    ids = [str(number) for number in range(40)]
    references = {id_: tuple(row) for id_, row in zip(ids, chance.dirichlet([1, 1, 1], 40).tolist(), strict=True)}
    found = []
    for name, shift in (("x", 0.1), ("y", 0.3), ("z", 0.6)):
        known = ids if name != "y" else ids[1:]
        found.append(
            Explained(
                name,
                name,
                "label-free",
                {"word-1": {id_: float(shift + chance.normal()) for id_ in known}},
                {id_: tuple(chance.dirichlet([1, 1, 1])) for id_ in known},
                {id_: int(chance.integers(1, 4)) for id_ in known},
            )
        )
    return found, references


def test_correlations_are_those_of_scipy(
    explained: tuple[list[Explained], dict[str, tuple[float, ...]]],
) -> None:
    conditions, references = explained
    told = correlations(conditions, references, ["tvd"], **HOW)
    rows = {str(cell.factors["shown"]): cell.values["word-1"] for cell in told.cells if "with" in cell.factors}
    assert set(rows) == {"x", "y", "z", MEAN, ACROSS}

    def pair(one: Explained, ids: list[str]) -> tuple[list[float], list[float]]:
        apart = [
            sum(abs(p - q) for p, q in zip(references[id_], one.distributions[id_], strict=True)) / 2 for id_ in ids
        ]
        return [one.similarity["word-1"][id_] for id_ in ids], apart

    for one in conditions:
        found = rows[one.name]
        assert found.value == pytest.approx(spearmanr(*pair(one, list(one.similarity["word-1"]))).statistic)
        assert found.items == len(one.similarity["word-1"])
        assert found.low < found.value < found.high
    common = [str(number) for number in range(1, 40)]
    pairs = [pair(one, common) for one in conditions]
    assert rows[MEAN].value == pytest.approx(np.mean([spearmanr(*both).statistic for both in pairs]))
    assert rows[MEAN].items == 39
    means_ = [[float(np.mean(values)) for values in both] for both in pairs]
    assert rows[ACROSS].value == pytest.approx(spearmanr(*zip(*means_, strict=True)).statistic)
    given = [cell for cell in told.cells if "given" in cell.factors]
    assert [cell.factors["shown"] for cell in given] == [MEAN]
    shown = told.shown[1].values
    assert shown["tvd"].value == pytest.approx(np.mean(pair(conditions[1], common)[1]))


def test_the_distance_of_each_item_averages_to_the_metric(
    explained: tuple[list[Explained], dict[str, tuple[float, ...]]],
) -> None:
    conditions, references = explained
    for name in ("kl", "tvd", "jsd"):
        found = distances(name, references, conditions[0].distributions)
        ids = list(found)
        both = [[rows[id_] for id_ in ids] for rows in (references, conditions[0].distributions)]
        assert np.mean(list(found.values())) == pytest.approx(METRICS.get(name).value(*both))
    assert distances("kl", references, {}) == {}


def performed(name: str, shared_data: Path, out: Path, patch: pytest.MonkeyPatch, limit: int) -> Findings:
    patch.setenv("LABELDIST_DATA", str(shared_data))
    summary = run_experiment(ExperimentSettings(name, model="scripted", limit=limit, resamples=50), out)
    assert not summary.failures
    assert {file.name for file in summary.files} >= {"results.jsonl", "results.md"}
    return summary.findings


def cell(findings: Findings, name: str) -> Cell:
    (found,) = (cell for cell in findings.cells if cell.name == name)
    return found


@pytest.fixture(scope="module")
def varied(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    pytest.importorskip("HanTa")
    with pytest.MonkeyPatch.context() as patch:
        return performed("variability", shared_data, tmp_path_factory.mktemp("variability"), patch, 6)


def test_variability_has_every_source_and_every_way_to_show_it(varied: Findings) -> None:
    for source in ("human", "llama3", "mixtral", "gpt4o"):
        for what in ("same label", "any label"):
            values = cell(varied, f"{source}, {what}").values
            assert 0 < values["word-1"].value < 1
            assert values["word-3"].value < values["word-2"].value < values["word-1"].value
            assert values["tag-1"].value > values["word-1"].value
    shown = [cell for cell in varied.cells if cell.name.endswith(", shown")]
    assert len(shown) == 1 + 3 * 2 * 3
    assert {"kl", "tvd", "word-1", "tag-3"} <= set(shown[0].values)
    assert cell(varied, "llama3, any label").values["items and labels"].value == 6
    pairs = {(one.cell, one.other) for one in varied.differences}
    assert pairs == {
        (f"{source}, {what}", f"human, {what}")
        for source in ("llama3", "mixtral", "gpt4o")
        for what in ("same label", "any label")
    }
    for metric in ("KL", "TVD"):
        names = [cell.name for cell in varied.cells if cell.section == f"Rank correlation with the {metric} of the MJD"]
        assert len(names) == len(shown) + 2


def test_what_a_model_wrote_itself_is_another_source(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    settings = ExperimentSettings("variability", model="scripted", explainer="same", limit=3, resamples=0)
    names = [cell.name for cell in run_experiment(settings, tmp_path).findings.cells]
    assert "scripted, same label" in names
    assert "scripted, varierr-guided:longest, shown" in names


def test_preference_on_published_items(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openpyxl")
    found = performed("preference", shared_data, tmp_path, monkeypatch, 8)
    for guide in ("label-free", "mnli-guided", "varierr-guided"):
        for way in ("all", "preferred first", "unpreferred first", "first listed", "least alike", "most alike"):
            assert cell(found, f"{guide}, {way}").values["kl"].items == 8
        only = [cell(found, f"{guide}, {way} only").values["kl"].items for way in ("preferred", "unpreferred")]
        assert all(0 < items < 8 for items in only)
        least, listed, most = (
            cell(found, f"{guide}, {way}: similarity").values["word-1"].value
            for way in ("least alike", "first listed", "most alike")
        )
        assert least < listed < most
    pairs = {(one.cell, one.other) for one in found.differences}
    assert ("varierr-guided, unpreferred first", "varierr-guided, preferred first") in pairs
    assert ("mnli-guided, least alike", "mnli-guided, most alike") in pairs
    assert ("preferred, same label", "unpreferred, same label") in pairs
    assert any("verdicts on 8 items" in note for note in found.notes)


ABOVE, BELOW, UNCLEAR = 1, -1, 0


@pytest.mark.parametrize(
    ("measure", "llama3", "mixtral", "gpt4o"),
    [
        ("word-1", ABOVE, ABOVE, ABOVE),
        ("word-2", ABOVE, ABOVE, UNCLEAR),
        ("word-3", ABOVE, ABOVE, BELOW),
        *(pytest.param(f"tag-{n}", ABOVE, ABOVE, ABOVE, marks=pytest.mark.slow) for n in (1, 2, 3)),
    ],
)
def test_published_explanations_against_human_ones(
    measure: str, llama3: int, mixtral: int, gpt4o: int, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On all 341 items: is each model's mean above or below that of people, over the items and labels of both?"""
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    items = list(open_source("mjd-estimator").items())
    by = Comparison((SIMILARITIES.get(measure),), Tools(), ())
    labels = ("entailment", "neutral", "contradiction")
    human = group_values(by_label(items, human_explanations, labels), by)
    for source, wanted in (("llama3", llama3), ("mixtral", mixtral), ("gpt4o", gpt4o)):
        texts = explanation_pool(source, f"mjd-estimator:{source}")
        found = differences((source, "human"), group_values(by_label(items, texts, labels), by), human, **HOW)[
            0
        ].interval
        assert found.items == 341
        assert (found.low > 0) - (found.high < 0) == wanted, (source, found)


@pytest.mark.parametrize("name", ["variability", "preference"])
def test_both_come_out_the_same_again(
    name: str, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    settings = ExperimentSettings(name, model="scripted", limit=3, resamples=20)
    once = run_experiment(settings, tmp_path)
    written = {file.name: file.read_bytes() for file in once.files}
    again = run_experiment(settings, tmp_path)
    assert again.calls_made == 0
    assert {file.name: file.read_bytes() for file in again.files} == written


def test_preference_elsewhere_leaves_the_verdicts_out(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    settings = ExperimentSettings(
        "preference", model="scripted", source="chaosnli-mnli", explainer="same", limit=3, resamples=0
    )
    found = run_experiment(settings, tmp_path).findings
    assert any("that part is left out" in note for note in found.notes)
    assert not [cell for cell in found.cells if "preferred" in cell.name]
    assert not math.isnan(cell(found, "label-free, least alike").values["kl"].value)
