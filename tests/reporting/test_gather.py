"""What a report shows is what the commands say, and what a naive reading of the files gives."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.reporting.conftest import LABELS, Rows

from labeldist.core.errors import InputError, UsageError
from labeldist.datasets.source import open_source
from labeldist.estimation.pilot import plan
from labeldist.estimation.posterior import posterior
from labeldist.reporting.calibration import calibration_of
from labeldist.reporting.gather import dataset_of, gather
from labeldist.reporting.read import ReadItems, ReadSet
from labeldist.reporting.results import read_results
from labeldist.reports.view import View
from labeldist.runs.describe import describe_dataset
from labeldist.runs.distributions import evaluate_files
from labeldist.runs.planning import plan_row


def view_of(*specs: object, items: int | Sequence[str] = 1000, source: str | None = None) -> View:
    results = read_results([str(one) for one in specs], with_source=source is not None)
    dataset = dataset_of(results, None if source is None else open_source(source, texts=False))
    return gather(results, dataset, items=items, bootstrap=200)


def lines(file: Path) -> Rows:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_a_posterior_says_itself_which_labels_it_was_made_of(made: Path, rows: Rows) -> None:
    view = view_of(made / "posterior.jsonl", f"llm={made / 'llm.jsonl'}")
    assert [one["key"] for one in view["sets"]] == ["labels", "posterior", "llm", "reference"]
    assert (view["main"], view["model"], view["interval_mass"]) == ("posterior", "llm", 0.9)
    known, said = ({row["id"]: row for row in lines(made / name)} for name in ("posterior.jsonl", "llm.jsonl"))
    assert [item["id"] for item in view["items"]] == [row["id"] for row in rows]
    for item, row in zip(view["items"], rows, strict=True):
        mine = known[row["id"]]
        assert item["texts"] == row["fields"]
        assert item["annotations"] == [(one["annotator"], LABELS.index(one["label"])) for one in row["labels"]]
        assert item["label_counts"] == [sum(one["label"] == label for one in row["labels"]) for label in LABELS]
        assert item["distributions"]["posterior"] == pytest.approx([*mine["distribution"].values()], abs=1e-6)
        assert item["distributions"]["llm"] == pytest.approx([*said[row["id"]]["distribution"].values()], abs=1e-6)
        assert item["distributions"]["reference"] == pytest.approx(
            [n / 40 for n in row["reference"].values()], abs=1e-6
        )
        assert np.allclose(item["intervals"]["posterior"], [*mine["interval"].values()], atol=1e-6)
        assert item["expected_kl"] == pytest.approx(mine["expected_kl"], abs=1e-6)
        shares = np.array(item["label_counts"]) / 3
        assert item["distributions"]["labels"] == pytest.approx(shares.tolist(), abs=1e-6)
        assert item["apart"] == pytest.approx(np.abs(shares - item["distributions"]["llm"]).sum() / 2, abs=1e-5)
    assert view["facts"]["expected_kl"] == pytest.approx(
        np.mean([row["expected_kl"] for row in known.values()]), abs=1e-6
    )


def test_facts_are_those_of_describe(made: Path) -> None:
    view = view_of(made / "posterior.jsonl")
    told = describe_dataset(open_source(str(made / "items.jsonl"), texts=False), bootstrap=200).to_dict()
    assert view["facts"]["items"] == told["items"] == 60
    assert view["facts"]["labels_per_item"] == told["labels_per_item"]
    assert view["facts"]["alpha"] == {
        name: told["agreement"]["alpha"]["nominal"][name] for name in ("value", "low", "high")
    }
    assert view["annotators"] is not None
    people = {one["name"]: one for one in told["each_annotator"]}
    for shown in view["annotators"]["people"]:
        one = people[shown["name"]]
        assert (shown["items"], shown["agreement"], shown["chance"]) == (one["items"], one["agreement"], one["chance"])
        assert shown["shares"] == [one["shares"][label] for label in view["labels"]]


def test_what_evidence_saves_is_what_the_estimate_said(made: Path) -> None:
    view = view_of(made / "posterior.jsonl")
    about = json.loads((made / "posterior.about.json").read_text())["posteriors"][0]
    assert view["calibrated"] == about["in_words"]
    saved = about["calibration"]["saves"][0]
    assert [(one["labels"], one["low"], one["high"]) for one in view["facts"]["saves"][:1]] == [
        (saved["labels"], saved["low"], saved["high"])
    ]
    assert view["facts"]["saves"][0]["in_words"] in " ".join(view["calibrated"])


def test_the_evaluation_is_that_of_evaluate(made: Path) -> None:
    view = view_of(made / "posterior.jsonl", f"llm={made / 'llm.jsonl'}")
    files = {"posterior": made / "posterior.jsonl", "llm": made / "llm.jsonl"}
    dataset = open_source(str(made / "items.jsonl"), texts=False)
    assert view["evaluation"] == evaluate_files(dataset, files, bootstrap=200).as_dict()


def test_a_run_brings_its_models_explanations_and_prompts(made: Path) -> None:
    view = view_of(made / "run")
    names = [one["key"] for one in view["sets"]]
    assert names == ["labels", "MJD none", "MJD label-free", "MJD label-guided", "posterior", "reference"]
    assert view["evaluation"] == json.loads((made / "run" / "evaluation.json").read_text())
    guided = {row["id"]: row for row in lines(made / "run" / "mjd.label-guided.jsonl")}
    for item in view["items"]:
        row = guided[item["id"]]
        seen = [one for one in item["explanations"] if "MJD label-guided" in one["shown_to"]]
        assert {one["text"] for one in seen} == {one["text"] for one in row["explanations"]}
        assert item["orders"]["MJD label-guided"]["orders"] == row["orders"]
        assert item["texts"]["premise"] in item["prompts"]["MJD none"]
        assert all(one["text"] in item["prompts"]["MJD label-guided"] for one in row["explanations"])
    assert view["cost"][0]["calls"] > 0
    told = dict(view["provenance"])
    assert told["Made again by"].startswith("labeldist run ")
    assert "--limit 30" in told["Made again by"]


def test_labels_alone_are_estimated_as_estimate_does(made: Path) -> None:
    view = view_of(made / "items.jsonl")
    assert [one["kind"] for one in view["sets"]] == ["labels", "posterior", "reference"]
    from labeldist.estimation.estimate import estimate

    known = estimate(open_source(str(made / "items.jsonl"), texts=False).items(), texts=None)
    shown = [item["distributions"]["posterior"] for item in view["items"]]
    assert np.allclose(shown, known.distribution, atol=1e-6)


def test_a_plan_and_an_evaluation_are_shown(made: Path, tmp_path: Path) -> None:
    dataset = open_source(str(made / "items.jsonl"), texts=False)
    found = plan_row(plan(dataset.items(), task=dataset.task, references=False))
    (tmp_path / "plan.json").write_text(json.dumps(found))
    view = view_of(made / "posterior.jsonl", tmp_path / "plan.json")
    curve = view["learning_curve"]
    assert curve is not None
    assert curve["labels_now"] == 3
    assert [(one["labels"], one["kl"]) for one in curve["predicted"]] == [
        (one["labels"], one["kl"]) for one in found["predicted"]
    ]


def test_what_was_measured_stands_on_top(made: Path) -> None:
    view = view_of(made / "posterior.jsonl")
    evaluation = view["evaluation"]
    assert evaluation is not None
    [row] = [one for one in evaluation["rows"] if one["name"] == "posterior"]
    kl = row["metrics"]["kl"]
    assert view["facts"]["measured_kl"] == {name: kl[name] for name in ("value", "low", "high")}
    assert f"off by KL {kl['value']:.3f}, where {view['facts']['expected_kl']:.3f} was expected" in view["in_short"][0]
    assert not [one for one in view["warnings"] if "(--" in one]


def test_two_evaluations_are_refused(made: Path) -> None:
    with pytest.raises(UsageError, match="two evaluations"):
        view_of(made / "run", made / "run" / "evaluation.json")


def test_narrow_intervals_are_warned_of(made: Path, tmp_path: Path) -> None:
    narrow = lines(made / "posterior.jsonl")
    for row in narrow:
        row["interval"] = {label: [share, share] for label, share in row["distribution"].items()}
    (tmp_path / "posterior.jsonl").write_text("".join(json.dumps(row) + "\n" for row in narrow))
    view = view_of(tmp_path / "posterior.jsonl", source=str(made / "items.jsonl"))
    assert view["warnings"][0].startswith("The 90% intervals are too narrow: they hold ")
    assert not [one for one in view_of(made / "posterior.jsonl")["warnings"] if "too narrow" in one]


def test_a_sample_is_drawn_once_and_told(made: Path) -> None:
    view, again = (view_of(made / "posterior.jsonl", items=20) for _ in range(2))
    assert [one["id"] for one in view["items"]] == [one["id"] for one in again["items"]]
    assert view["shown"] == {
        "items": 20,
        "of": 60,
        "in_words": "Shown one by one: 20 of 60 items, drawn at random (seed 0). All other numbers are of all items.",
    }
    assert view["facts"]["items"] == 60
    worst = view_of(made / "posterior.jsonl", items=["disputed:3"])["items"]
    every = view_of(made / "posterior.jsonl")["items"]
    assert min(one["disagreement"] or 0 for one in worst) >= sorted(one["disagreement"] or 0 for one in every)[-3]
    with pytest.raises(UsageError, match="no item is named 'q600'"):
        view_of(made / "posterior.jsonl", items=["q600"])


def test_intervals_that_are_right_hold_what_is_expected() -> None:
    """Truths from the posterior, votes from the truths: the share held is the expected one, and is not that of mass."""
    random = np.random.default_rng(0)
    items, votes = 1500, 12
    alpha = random.gamma(2.0, 1.0, (items, 3)) + 0.3
    known = posterior(alpha)
    truth = np.array([random.dirichlet(row) for row in alpha])
    seen = np.array([random.multinomial(votes, row) for row in truth]) / votes
    read = ReadItems(seen, np.full(items, float(votes)), {}, (), ())
    of_set = ReadSet.empty("posterior", "posterior", items, 3)
    of_set.share, of_set.low, of_set.high = known.mean, known.low, known.high
    of_set.concentration, of_set.mass = known.concentration, known.mass
    found = calibration_of(read, np.zeros((items, 3)), [of_set], ["a", "b", "c"])
    assert found is not None
    whole = found["coverage"][0]
    assert whole["low"] <= whole["expected"] <= whole["high"]
    assert whole["expected"] < 0.88
    naive = np.mean((known.low <= seen + 1e-9) & (seen <= known.high + 1e-9))
    assert whole["held"] == pytest.approx(naive, abs=1e-6)
    assert "The difference is within chance." in found["in_words"]
    for one in found["bins"]:
        assert abs(one["predicted"] - one["observed"]) < 4 * (one["high"] - one["low"]) / 2 / 1.96
    of_set.low, of_set.high = known.mean - 0.02, known.mean + 0.02
    narrow = calibration_of(read, np.zeros((items, 3)), [of_set], ["a", "b", "c"])
    assert narrow is not None
    assert narrow["coverage"][0]["held"] < 0.3


def test_without_references_the_prior_is_compared_with_labels(made: Path, rows: Rows, tmp_path: Path) -> None:
    bare = [{name: value for name, value in row.items() if name != "reference"} for row in rows]
    source = tmp_path / "bare.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in bare))
    view = view_of(made / "posterior.jsonl", source=str(source))
    assert view["evaluation"] is None
    found = view["calibration"]
    assert found is not None
    assert (found["against"], found["coverage"], found["votes"]) == ("labels", [], 3.0)
    assert sum(one["shares"] for one in found["bins"]) <= 180
    assert "reference" not in [one["key"] for one in view["sets"]]


REFUSED: dict[str, tuple[str, ...]] = {
    "a folder of nothing": ("folder", "about.json"),
    "distributions that do not say of what": ("llm.jsonl", "--source"),
    "two sources": ("items.jsonl two.jsonl", "several files of labels"),
    "nothing there": ("nowhere.jsonl", "no such file"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_result_is_refused_with_a_way_out(kind: str, made: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("items.jsonl", "llm.jsonl"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    (tmp_path / "two.jsonl").write_bytes((made / "items.jsonl").read_bytes())
    names, told = REFUSED[kind]
    with pytest.raises((InputError, UsageError)) as caught:
        view_of(*(tmp_path / name for name in names.split()))
    assert told in str(caught.value)


def test_an_about_file_of_somebody_else_stays(made: Path, tmp_path: Path) -> None:
    dataset = open_source(str(made / "items.jsonl"), texts=False)
    from labeldist.runs.posterior import estimate_to_file

    (tmp_path / "posterior.about.json").write_text('{"mine": 1}')
    with pytest.raises(UsageError, match="labeldist did not write it"):
        estimate_to_file(dataset, tmp_path / "posterior.jsonl")
    assert json.loads((tmp_path / "posterior.about.json").read_text()) == {"mine": 1}


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [one for each in value.values() for one in numbers(each)]
    if isinstance(value, list | tuple):
        return [one for each in value for one in numbers(each)]
    return [value] if isinstance(value, float) else []


def test_no_number_of_a_view_is_undefined(made: Path) -> None:
    for specs in (("posterior.jsonl",), ("run",), ("items.jsonl",)):
        view = view_of(*(made / name for name in specs))
        assert not [one for one in numbers(view) if not math.isfinite(one)]
        json.dumps(view, allow_nan=False)
