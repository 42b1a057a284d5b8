"""Validity through the commands: files of evidence, what is blind, what fails by name, a run with it."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import labeldist as ld
from labeldist.core.errors import UsageError
from labeldist.datasets.evidence import read_evidence
from labeldist.datasets.source import open_source
from labeldist.explanations.condition import parse_condition
from labeldist.judging.settings import JudgeSettings
from labeldist.models.open import open_model
from labeldist.runs.doctor import cost_of, examine
from labeldist.runs.pipeline import run
from labeldist.runs.settings import RunSettings
from labeldist.runs.single import judge_to_file, select_to_file
from labeldist.tasks.load import load_task

NLI = load_task("nli")
Command = Callable[..., subprocess.CompletedProcess[str]]
LABELS = {"e": "entailment", "n": "neutral", "c": "contradiction"}


def row(at: int, reasons: str = "enc", **more: Any) -> dict[str, Any]:
    """An item, with two reasons for each of these labels that a model gave."""
    of = [{"label": label, "text": f"Why {label} {n}.", "source": "llm"} for label in reasons for n in range(2)]
    item = {"id": f"i{at}", "premise": f"It rains {at} times.", "hypothesis": "It is wet."}
    return {**item, "labels": ["enc"[at % 3], "n", "e"], "explanations": of, **more}


def rows(*items: dict[str, Any]) -> str:
    return "".join(json.dumps(one) + "\n" for one in items)


# Reasons for entailment are found good, the second for neutral, too; others bad.
SCRIPT = [
    {"contains": "this reason: Why e", "answers": {"Yes": 9.0, "No": 7.0}, "text": "90"},
    {"contains": "this reason: Why n 1", "answers": {"Yes": 9.0, "No": 9.0}, "text": "50%"},
    {"contains": "this reason: Why", "answers": {"Yes": 7.0, "No": 9.0}, "text": "10"},
    {"contains": "100 annotators", "text": "A: 60\nB: 30\nC: 10"},
    {"contains": "Imagine 100", "text": "I cannot say."},
    {"contains": "People differ", "text": "A: 60\nB: 30\nC: 10"},
]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "script.json").write_text(json.dumps(SCRIPT))
    monkeypatch.chdir(tmp_path)
    return "scripted:script.json"


def test_scores_are_blind_evidence_in_every_format(tmp_path: Path, script: str) -> None:
    human = {"label": "n", "text": "Why n by me.", "source": "human"}
    items = [row(at) for at in range(8)]
    items[3]["explanations"].append(human)
    (tmp_path / "items.jsonl").write_text(rows(*items))
    dataset, model = open_source(str(tmp_path / "items.jsonl"), task="nli"), open_model(script)
    for suffix in ("jsonl", "csv"):
        done = judge_to_file(dataset, model, tmp_path / f"v.{suffix}", settings=JudgeSettings(style="validity"))
        assert not done.failures
    for line in (tmp_path / "v.jsonl").read_text().splitlines():
        found = json.loads(line)
        assert found["saw_labels"] is False, "a person's reason is not asked about"
        assert [one["source"] for one in found["explanations"]] == ["llm"] * 6
        mean = [found["validity_mean"][label] for label in LABELS.values()]
        assert found["scores"] == found["validity_mean"]
        # e^9, e^7 and the small letters y and n, which stay at 0.
        good, bad = (8104.08 / (8104.08 + 1097.63 + 1), 1097.63 / (8104.08 + 1097.63 + 1))
        assert mean == pytest.approx([good, (0.5 + bad) / 2, bad], abs=1e-3)
        assert found["validity_max"]["neutral"] == pytest.approx(0.5, abs=1e-3)
    read = [list(read_evidence(tmp_path / f"v.{suffix}", NLI)) for suffix in ("jsonl", "csv")]
    assert read[0] == read[1]
    assert all(one.evidence.scores is not None and one.evidence.saw_labels is False for one in read[0])
    with (tmp_path / "v.csv").open() as file:
        assert {"scores.neutral", "validity_max.neutral"} <= {*next(csv.reader(file))}


def test_an_item_with_a_label_unexplained_fails_by_name_and_no_other(
    labeldist: Command, tmp_path: Path, script: str
) -> None:
    (tmp_path / "items.jsonl").write_text(rows(row(0), row(1, "en"), row(2)))
    done = labeldist("judge", "items.jsonl", "--model", script, "--answers", "validity", "--out", "v.jsonl")
    assert done.returncode == 1
    failed = json.loads((tmp_path / "failures.v.jsonl").read_text())
    assert failed["id"] == "i1"
    assert "no explanation of the label 'contradiction'" in failed["reason"]
    assert [json.loads(line)["id"] for line in (tmp_path / "v.jsonl").read_text().splitlines()] == ["i0", "i2"]


def test_what_people_or_nobody_wrote_is_refused(tmp_path: Path) -> None:
    items, human = tmp_path / "items.jsonl", tmp_path / "human.jsonl"
    items.write_text(rows(row(0)))
    human.write_text(rows(row(0, explanations=[{**one, "source": "human"} for one in row(0)["explanations"]])))
    refused: list[tuple[Path, dict[str, Any], str]] = [
        (items, {"explanations": "human"}, "explanations by people"),
        (items, {"explanations": "none"}, "no explanations"),
        (human, {}, "explanations by people"),
        (items, {"leave_one_out": True}, "--leave-one-out of validity"),
        (items, {"settings": JudgeSettings(paraphrases=2)}, "--paraphrases with answers in validity"),
    ]
    for source, how, told in refused:
        with pytest.raises(UsageError, match=told):
            ld.judge(source, "scripted", answers="validity", task="nli", **how)
    with pytest.raises(UsageError, match="it is for --answers validity"):
        ld.judge(items, "scripted", whose="llm", task="nli")
    with pytest.raises(UsageError) as caught:
        select_to_file(open_source(str(items), task="nli"), parse_condition("validity"), tmp_path / "s.jsonl")
    assert "labeldist judge --answers validity" in caught.value.hint


def test_explanations_that_were_selected_by_labels_are_not_blind(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text(rows(row(0, labels=["e", "n", "c"])))
    dataset = open_source(str(tmp_path / "items.jsonl"), task="nli")
    for condition, saw in (("label-guided", True), ("label-free", False)):
        select_to_file(dataset, parse_condition(condition), tmp_path / "s.jsonl")
        found = ld.judge(tmp_path / "s.jsonl", "scripted", answers="validity", task="nli")
        assert found.rows[0]["saw_labels"] is saw


def test_in_memory_by_either_way(tmp_path: Path, script: str) -> None:
    items = [row(at) for at in range(30)]
    (tmp_path / "items.jsonl").write_text(rows(*items))
    found = ld.judge("items.jsonl", script, answers="validity", task="nli")
    best = ld.judge("items.jsonl", script, settings=JudgeSettings(style="validity", per_label="max"), task="nli")
    assert found.rows[0]["scores"] != best.rows[0]["scores"] == best.rows[0]["validity_max"]
    stated = ld.judge("items.jsonl", script, answers="stated-validity", task="nli", whose="llm")
    assert stated.rows[0]["scores"] == pytest.approx({"entailment": 0.9, "neutral": 0.3, "contradiction": 0.1})
    assert (stated.rows[0]["refused"], stated.rows[0]["partial"], stated.rows[0]["samples"]) == (0, 0, 1)
    assert ld.estimate("items.jsonl", evidence={"v": found}, task="nli").evidence == ("v",)
    with pytest.raises(UsageError, match="explanations 'validity' in a single stage"):
        ld.judge("items.jsonl", script, explanations="validity", task="nli")


def test_a_run_asks_for_validity_beside_its_mjds(tmp_path: Path, script: str) -> None:
    items = tmp_path / "items.jsonl"
    items.write_text(rows(*(row(at) for at in range(6))))
    settings = RunSettings(str(items), model=script, explainer="items:llm", conditions=("none", "validity"), task="nli")
    both = run(settings, tmp_path / "both")
    assert not both.failures
    assert {*both.mjds} == {"none", "validity"}
    assert set(both.posteriors[0].evidence) == {"MJD none", "MJD validity"}
    judge_to_file(
        open_source(str(items), task="nli"),
        open_model(script),
        tmp_path / "v.jsonl",
        settings=JudgeSettings(style="validity"),
    )
    assert both.mjds["validity"].read_bytes() == (tmp_path / "v.jsonl").read_bytes()
    assert json.loads(both.mjds["none"].read_text().splitlines()[0])["style"] == "letters"
    alone = replace(settings, conditions=(), judge=JudgeSettings(style="validity"))
    assert {*run(alone, tmp_path / "alone").mjds} == {"validity"}
    mixed = replace(alone, conditions=("none",))
    with pytest.raises(UsageError, match="explanations none to judge with, and answers about their validity"):
        run(mixed, tmp_path / "mixed")


def test_verbalised_answers_that_are_none_are_told_and_kept(labeldist: Command, tmp_path: Path, script: str) -> None:
    (tmp_path / "items.jsonl").write_text(rows(row(0), row(1)))
    said = ("judge", "items.jsonl", "--model", script, "--answers", "verbalised", "--explanations", "none")
    done = labeldist(*said, "--out", "said.jsonl")
    assert done.returncode == 0
    told = " ".join(done.stderr.split())
    assert "8 of 24 answers could not be read as the numbers asked for, and were left out: 8 without any" in told
    found = json.loads((tmp_path / "said.jsonl").read_text().splitlines()[0])
    assert (found["answered"], found["refused"], found["partial"], found["paraphrases"]) == (8, 4, 0, 2)
    assert found["unread_answers"][0] == {"is": "refused", "text": "I cannot say."}
    done = labeldist(*said, "--paraphrases", "1", "--average", "log", "--out", "said.jsonl")
    assert "4 model calls made, 8 reused" in done.stdout, "of the first paraphrase four orders each are known already"
    found = json.loads((tmp_path / "said.jsonl").read_text().splitlines()[0])
    assert (found["unread"], found["average"], found["orders"]) == (0, "log", 6)


def test_the_doctor_tries_it_and_counts_what_a_run_costs(tmp_path: Path, script: str) -> None:
    (tmp_path / "items.jsonl").write_text(rows(*(row(at) for at in range(4))))
    model, dataset = open_model(script), open_source(str(tmp_path / "items.jsonl"), task="nli")
    health = examine(model, NLI, JudgeSettings(style="validity"))
    assert (health.answers, health.readable) == ("validity", None)
    cost = cost_of(dataset, [], JudgeSettings(style="validity"), model, health)
    # Two questions about each of four reasons for each of three labels of four items; their reasons asked for before.
    assert (cost.judge_calls, cost.explain_calls) == (2 * 4 * 3 * 4, 12)
    assert examine(model, NLI, JudgeSettings(style="stated-validity")).readable is False, "not in the script"
    said = JudgeSettings("balanced:12", style="verbalised", samples=2)
    assert cost_of(dataset, ["none"], said, model, health).judge_calls == 4 * 12 * 2
