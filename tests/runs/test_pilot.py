"""A judge tried on the first items: judges of which is known what they know get the advice that fits them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import Command

from labeldist.calls.recorded import Recorded
from labeldist.calls.store import Store
from labeldist.core.errors import UsageError
from labeldist.core.item import Annotation, Explanation, Item
from labeldist.core.task import Task
from labeldist.datasets.source import open_source
from labeldist.judging.judge import JudgeSettings
from labeldist.models.embedded import BACKEND as EMBEDDED
from labeldist.models.open import ModelOptions
from labeldist.models.scripted import Rule, Scripted, read_script
from labeldist.runs.judge_advice import Advice
from labeldist.runs.pilot import ITEMS, LEAST_RUN, NotWorthUsingError, blind, carried, pilot
from labeldist.runs.pipeline import run
from labeldist.runs.prepared import RunSummary
from labeldist.runs.settings import RunSettings
from labeldist.tasks.load import load_task

LABELS = ("entailment", "neutral", "contradiction")
WORDS = ("true", "neutral", "false")
SURELY = 12.0  # a logit that leaves nothing to other answers
MANY = LEAST_RUN + 4
TRUTHS = np.random.default_rng(0).dirichlet([0.7, 0.7, 0.7], MANY)
VOTES = [np.random.default_rng(at).multinomial(5, truth).tolist() for at, truth in enumerate(TRUTHS)]
BASE = TRUTHS.mean(axis=0)
Rules = list[dict[str, Any]]


def says(text: str, shares: Sequence[float], answers: Sequence[str] = WORDS) -> dict[str, Any]:
    """A rule of a script: of prompts with that text it says these shares."""
    return {
        "contains": text,
        "answers": {name: SURELY + float(np.log(share)) for name, share in zip(answers, shares, strict=True)},
    }


KNOWS: Rules = [says(f"Premise {at}.", 0.8 * truth + 0.2 / 3) for at, truth in enumerate(TRUTHS)]
SAME: Rules = [says("", BASE)]
DREAMS: Rules = [
    says(f"Premise {at}.", share) for at, share in enumerate(np.random.default_rng(8).dirichlet([20, 20, 20], MANY))
]  # of nothing that the items say
BY_PLACE: Rules = [says("", (0.7, 0.2, 0.1), ("A", "B", "C"))]
TEXTS = [
    {"contains": "list all possible explanations", "text": "* It says so."},
]


def rows(count: int = MANY, *, labels: bool = True) -> list[dict[str, Any]]:
    told = [{"id": f"i{at}", "premise": f"Premise {at}.", "hypothesis": "It follows."} for at in range(count)]
    if labels:
        told = [
            row | {"labels": dict(zip(LABELS, votes, strict=True))} for row, votes in zip(told, VOTES, strict=False)
        ]
    return told


def items(count: int = ITEMS, *, labels: bool = True) -> list[Item]:
    return [
        Item(
            row["id"],
            {"premise": row["premise"], "hypothesis": row["hypothesis"]},
            tuple(Annotation(label, times=n) for label, n in row.get("labels", {}).items() if n),
        )
        for row in rows(count, labels=labels)
    ]


@pytest.fixture(scope="module")
def nli() -> Task:
    return load_task("nli")


@pytest.fixture
def scripted(tmp_path: Path) -> Callable[[Rules], Scripted]:
    def opened(script: Rules) -> Scripted:
        file = tmp_path / "script.json"
        file.write_text(json.dumps(script))
        return Scripted(read_script(file), answer_style="letters" if script is BY_PLACE else "words")

    return opened


def advised(model: Any, some: Sequence[Item], task: Task, folder: Path) -> Advice:
    with Store(folder / "calls.sqlite") as store, Recorded(model, store) as recorded:
        found = pilot(blind(map(carried, some)), task, recorded, JudgeSettings())
    assert found.failures == ()
    assert found.advice is not None
    return found.advice


def test_a_judge_that_knows_the_items_is_to_be_used(scripted: Any, nli: Task, tmp_path: Path) -> None:
    found = advised(scripted(KNOWS), items(), nli, tmp_path)
    assert (found.verdict, found.items, found.compared_with) == ("use", 30, "labels")
    assert found.dcorr is not None
    assert found.savings is not None
    assert found.dcorr.p < 0.01
    assert found.dcorr.dcorr > found.dcorr.by_chance + 0.2
    assert found.savings.low > 0.5
    assert f"saves about {found.savings.labels:.1f} labels per item" in found.reasons[1]
    assert f"D.Corr {found.dcorr.dcorr:.2f}, where chance alone gives {found.dcorr.by_chance:.2f}" in found.reasons[0]


def test_one_that_says_the_base_rate_of_everything_is_not(scripted: Any, nli: Task, tmp_path: Path) -> None:
    found = advised(scripted(SAME), items(), nli, tmp_path)
    assert found.verdict == "do not use"
    assert found.savings is not None
    assert found.savings.high == pytest.approx(0, abs=1e-6)
    assert "It says the same of every item" in found.reasons[0]
    assert "adds nothing to the base rate of the labels" in found.reasons[1]


def test_one_that_answers_by_position_is_not(scripted: Any, nli: Task, tmp_path: Path) -> None:
    found = advised(scripted(BY_PLACE), items(), nli, tmp_path)
    assert found.verdict == "do not use"
    assert found.of_orders > 0.1 > found.of_items
    assert any("answers by position, not by content" in reason for reason in found.reasons)


def test_what_has_nothing_to_do_with_the_items_is_not(scripted: Any, nli: Task, tmp_path: Path) -> None:
    found = advised(scripted(DREAMS), with_crowd(), nli, tmp_path)
    assert found.verdict == "do not use"
    assert found.dcorr is not None
    assert found.dcorr.p > 0.05
    assert found.of_items > 0.02, "its answers differ from item to item"
    assert advised(scripted(DREAMS), items(), nli, tmp_path).verdict != "use", "from five labels of each"


def test_without_labels_only_what_needs_none_is_told(scripted: Any, nli: Task, tmp_path: Path) -> None:
    found = advised(scripted(KNOWS), items(labels=False), nli, tmp_path)
    assert (found.verdict, found.compared_with, found.savings, found.dcorr) == ("cannot tell", None, None, None)
    assert "labels or a reference" in found.reasons[0]
    assert advised(scripted(BY_PLACE), items(labels=False), nli, tmp_path).verdict == "do not use"


def test_few_items_cannot_tell(scripted: Any, nli: Task, tmp_path: Path) -> None:
    assert advised(scripted(KNOWS), items(12), nli, tmp_path).verdict == "cannot tell"


def with_crowd() -> list[Item]:
    return [
        Item(one.id, one.fields, one.labels, reference=dict(zip(LABELS, np.round(truth * 100), strict=True)))
        for one, truth in zip(items(), TRUTHS, strict=False)
    ]


def test_the_people_with_more_votes_are_asked(scripted: Any, nli: Task, tmp_path: Path) -> None:
    found = advised(scripted(KNOWS), with_crowd(), nli, tmp_path)
    assert (found.verdict, found.compared_with) == ("use", "reference")
    few = [Item(one.id, one.fields, one.labels, reference={LABELS[at % 3]: 1}) for at, one in enumerate(items())]
    assert advised(scripted(KNOWS), few, nli, tmp_path).compared_with == "labels"


def test_explanations_that_labels_chose_are_not_shown(nli: Task, tmp_path: Path) -> None:
    model = Scripted([Rule("", answers=(("A", SURELY),))])
    asked: list[str] = []
    encode = model.encode
    model.encode = lambda prompt, reply="": (asked.append(prompt), encode(prompt, reply))[1]  # type: ignore[method-assign]
    reason = (Explanation("The told reason.", "neutral", "m"),)
    for saw, shown in ((False, True), (True, False), (None, False)):
        asked.clear()
        extra = {} if saw is None else {"selection": {"condition": "x", "saw_labels": saw}}
        some = [Item(f"{saw}{one.id}", one.fields, one.labels, reason, extra=extra) for one in items(2)]
        advised(model, some, nli, tmp_path / str(saw))
        assert asked
        assert all(("The told reason." in prompt) is shown for prompt in asked), saw


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return written(tmp_path / "items.jsonl")


def written(file: Path, count: int = MANY) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows(count)), encoding="utf-8")
    return file


def done(source: Path, script: Rules, out: Path, **settings: Any) -> RunSummary:
    file = out.with_suffix(".json")
    file.write_text(json.dumps([*TEXTS, *script]))
    options = {"conditions": ("none",), "judge": JudgeSettings(style="letters" if script is BY_PLACE else "words")}
    return run(RunSettings(str(source), model=f"scripted:{file}", task="nli", **(options | settings)), out)


def test_a_pilot_stops_the_run_and_the_run_goes_on_without_it(source: Path, tmp_path: Path) -> None:
    with pytest.raises(NotWorthUsingError, match="by position") as stopped:
        done(source, BY_PLACE, tmp_path / "out", pilot=ITEMS)
    assert stopped.value.exit_status == 1
    assert f"stopped after {ITEMS} of {MANY} items" in stopped.value.message
    assert "without --pilot" in stopped.value.hint
    assert not (tmp_path / "out" / "mjd.none.jsonl").exists()
    with pytest.raises(NotWorthUsingError):
        done(source, BY_PLACE, tmp_path / "out", pilot=ITEMS)
    on = done(source, BY_PLACE, tmp_path / "out")
    assert (on.calls_made, on.items) == (6 * (MANY - ITEMS), MANY)
    never_stopped = done(source, BY_PLACE, tmp_path / "other")
    assert never_stopped.calls_made == 6 * MANY
    assert never_stopped.calls_reused <= 1, "the first items are not counted twice"
    same = (out / "mjd.none.jsonl" for out in (tmp_path / "out", tmp_path / "other"))
    first, second = (file.read_text().replace("other.json", "out.json") for file in same)
    assert first == second


def test_a_pilot_of_validity_alone_is_refused_before_anything_is_asked(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="says how valid explanations are, not how items are labelled"):
        done(source, KNOWS, tmp_path / "out", pilot=ITEMS, conditions=("validity",))
    assert not (tmp_path / "out").exists()


def test_a_pilot_lets_a_judge_pass_that_knows(source: Path, tmp_path: Path) -> None:
    passed = done(source, KNOWS, tmp_path / "out", pilot=ITEMS)
    [told] = passed.advice
    assert told.verdict == "use"
    assert passed.calls_made == 6 * MANY
    assert not [note for note in passed.notes if "adds nothing" in note]


def test_the_first_items_are_told_of_before_anything_is_explained(
    source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    order: list[str] = []
    settings = RunSettings(
        str(source), model=scripted_file(tmp_path, BY_PLACE), task="nli", conditions=("none", "label-free")
    )
    with caplog.at_level(logging.INFO, "labeldist"):
        told = run(
            settings, tmp_path / "out", progress=lambda stage, *_: order.append(f"{stage} {len(caplog.records)}")
        )
    assert order[0] == "judge the first 0"
    assert order[1] == "explain 1"
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(f"from the first {ITEMS} items: Do not use scripted:")
    assert any("adds nothing to speak of to the base rate" in note for note in told.notes)


def scripted_file(folder: Path, script: Rules) -> str:
    file = folder / "script.json"
    file.write_text(json.dumps([*TEXTS, *script]))
    return f"scripted:{file}"


@pytest.mark.parametrize(("count", "conditions"), [(LEAST_RUN - 1, ("none",)), (MANY, ("label-free",))])
def test_without_a_gate_nothing_more_is_asked(
    count: int, conditions: tuple[str, ...], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = done(written(tmp_path / "few.jsonl", count), SAME, tmp_path / "out", conditions=conditions)
    assert found.advice == ()
    assert caplog.records == []
    # One more: whether options' words begin alike is always looked at first.
    assert found.store["next_token"]["calls"] <= 6 * count + 1


def test_the_command_stops_with_a_clean_standard_output(source: Path, labeldist: Command, tmp_path: Path) -> None:
    model = ("--model", scripted_file(tmp_path, BY_PLACE), "--task", "nli")
    stopped = labeldist("run", source, *model, "--pilot", ITEMS, "--out", "out", "--json")
    assert (stopped.returncode, stopped.stdout) == (1, "")
    assert "the model answers by position, not by content" in stopped.stderr
    assert "hint: the answers are kept" in stopped.stderr
    judged = labeldist("judge", source, *model, "--pilot", ITEMS, "--out", "mjd.jsonl")
    assert (judged.returncode, judged.stdout) == (1, "")
    on = labeldist("judge", source, *model, "--out", "mjd.jsonl", "--json")
    assert on.returncode == 0, on.stderr
    assert json.loads(on.stdout)["calls_made"] == 6 * (MANY - ITEMS)
    assert "labeldist: note: from the first 30 items: Do not use" in on.stderr


def test_doctor_advises_and_keeps_its_answers_for_the_run(source: Path, labeldist: Command, tmp_path: Path) -> None:
    script = tmp_path / "knows.json"
    script.write_text(json.dumps(KNOWS))
    how = (source, "--model", f"scripted:{script}", "--answers", "words", "--task", "nli", "--explanations", "none")
    told = labeldist("doctor", *how, "--out", "result")
    assert told.returncode == 0, told.stderr
    assert f"As a judge, from the first {ITEMS} items: Use scripted:" in told.stdout
    assert "is not known before" not in told.stdout
    as_json = json.loads(labeldist("doctor", *how, "--json", "--items", 25).stdout)
    assert (as_json["advice"]["verdict"], as_json["advice"]["items"]) == ("use", 25)
    summary = json.loads(labeldist("run", *how, "--out", "result", "--json").stdout)
    assert summary["calls_made"] == 6 * (MANY - ITEMS)
    assert [one["verdict"] for one in summary["advice"]] == ["use"]


def test_doctor_judges_no_item_where_none_is_wanted(source: Path, labeldist: Command, tmp_path: Path) -> None:
    told = labeldist(
        "doctor", source, "--model", scripted_file(tmp_path, SAME), "--task", "nli", "--items", 0, "--json"
    )
    assert json.loads(told.stdout)["advice"] is None


def test_what_the_embedded_model_is_good_for(nli: Task, tmp_path: Path) -> None:
    model = EMBEDDED.open("", ModelOptions())
    some = [*open_source("demo", limit=ITEMS).items()]
    assert advised(model, some, nli, tmp_path).verdict == "use"


def test_the_embedded_model_knows_nothing_of_hate(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    dataset = open_source("hs-brexit", limit=ITEMS)
    found = advised(EMBEDDED.open("", ModelOptions()), [*dataset.items()], dataset.task, tmp_path)
    assert found.verdict == "do not use"
    assert found.savings is not None
    assert found.savings.high < 0.5
