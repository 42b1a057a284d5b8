"""Several judges in one run: one store, named results, and nothing asked of a set of judges that cannot be."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labeldist as ld
from labeldist.api.report import report
from labeldist.cli.plan_text import prices_of
from labeldist.core.errors import UnavailableError, UsageError
from labeldist.judging.judge import JudgeSettings
from labeldist.models import open as models
from labeldist.models.base import AnswerScores, Capabilities, Question
from labeldist.models.budget import Budget
from labeldist.models.open import ModelOptions
from labeldist.models.scripted import Scripted
from labeldist.reporting.provenance import command_of
from labeldist.runs.about import read_about
from labeldist.runs.pipeline import run
from labeldist.runs.settings import RunSettings

Command = Callable[..., subprocess.CompletedProcess[str]]
ITEMS = 60
WORDS = JudgeSettings("balanced:2", "words")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Items with labels and references, and two scripted judges whose errors have nothing to do with each other."""
    generator = np.random.default_rng(0)
    truth = generator.dirichlet([0.6, 0.6, 0.6], ITEMS)
    with (tmp_path / "items.jsonl").open("w") as out:
        for at, row in enumerate(truth):
            counted = {
                name: dict(zip("enc", map(int, generator.multinomial(votes, row)), strict=True))
                for name, votes in (("labels", 4), ("reference", 50))
            }
            out.write(json.dumps({"id": str(at), "premise": f"Premise {at}.", "hypothesis": "So.", **counted}) + "\n")
    for seed, name in enumerate(("one", "two")):
        said = np.log(truth + 0.02) + np.random.default_rng(seed + 1).normal(0, 1.5, truth.shape)
        rules = [
            {"contains": f"Premise {at}.", "text": "* So.", "answers": dict(zip("tnf", row.tolist(), strict=True))}
            for at, row in enumerate(said)
        ]
        (tmp_path / f"{name}.json").write_text(json.dumps(rules))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(*judges: str, **how: Any) -> RunSettings:
    how = {"conditions": ("none",), "judge": WORDS, **how}
    return RunSettings("items.jsonl", model=judges if len(judges) > 1 else judges[0], **how)


ONE, TWO = "scripted:one.json", "scripted:two.json"


def test_each_judge_has_files_rows_and_a_worth_of_its_own(folder: Path) -> None:
    done = run(settings(ONE, TWO, conditions=("none", "label-free")), folder / "out")
    names = ["one none", "one label-free", "two none", "two label-free"]
    assert [*done.mjds] == [*done.answer_mass] == names
    assert [file.name for file in done.mjds.values()] == [f"mjd.{name.replace(' ', '.')}.jsonl" for name in names]
    assert done.evaluation is not None
    assert [row.name for row in done.evaluation.rows][:5] == [*(f"MJD {name}" for name in names), "posterior"]
    (posterior,) = done.posteriors
    judges = posterior.calibration.judges
    assert judges is not None
    assert [judge.name for judge in judges.each] == ["one", "two"]
    assert judges.each[1].alone.evidence == ("MJD two none", "MJD two label-free")
    assert judges.effective == pytest.approx(2, abs=0.5)
    for name, file in done.mjds.items():
        alone = run(
            settings(f"scripted:{name.split()[0]}.json", explainer=ONE, conditions=(name.split()[1],)), folder / name
        )
        assert file.read_text() == alone.mjds[name.split()[1]].read_text()  # as if it had been the only one


def test_the_first_explains_unless_another_is_named(folder: Path) -> None:
    sources = {}
    for explainer in ("same", TWO):
        done = run(
            settings(ONE, TWO, conditions=("label-free",), explainer=explainer), folder / f"by-{explainer[-8:-5]}"
        )
        shown = [json.loads(file.read_text().splitlines()[0])["explanations"] for file in done.mjds.values()]
        sources[explainer] = {part["source"] for explained in shown for part in explained}
        assert done.store["generate"]["calls"] == 3 * ITEMS
    assert sources == {"same": {ONE}, TWO: {TWO}}


def test_a_second_judge_later_reuses_what_the_first_said(folder: Path) -> None:
    first = run(settings(ONE), folder / "out")
    assert [*first.mjds] == ["none"]
    with pytest.raises(UsageError, match=r"model was 'scripted:one\.json', is") as error:
        run(settings(ONE, TWO), folder / "out")
    assert "--overwrite" in error.value.hint
    both = run(settings(ONE, TWO), folder / "out", overwrite=True)
    assert both.calls_made == 2 * ITEMS
    assert both.calls_reused >= 2 * ITEMS  # and the first question, which is asked of all before anything else
    assert not (folder / "out/mjd.none.jsonl").exists()
    again = run(settings(ONE, TWO), folder / "out")
    assert again.calls_made == 0
    fresh = run(settings(ONE, TWO), folder / "fresh")
    for one, other in zip(again.files, fresh.files, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_a_run_with_one_judge_says_nothing_of_several(folder: Path) -> None:
    done = run(settings(ONE), folder / "out")
    listed = run(RunSettings("items.jsonl", model=(ONE,), conditions=("none",), judge=WORDS), folder / "out")
    assert listed.calls_made == 0
    assert [file.name for file in done.files] == [
        "mjd.none.jsonl",
        "posterior.jsonl",
        "about.json",
        "evaluation.json",
        "evaluation.md",
    ]
    about = read_about(folder / "out/about.json")
    assert about is not None
    assert about["settings"]["model"] == ONE
    assert "judges" not in about["posteriors"][0]["calibration"]


def test_evidence_of_items_makes_no_second_judge_of_a_run_with_one(folder: Path) -> None:
    rows = [json.loads(line) for line in (folder / "items.jsonl").read_text().splitlines()]
    for row in rows:
        row["evidence"] = {"classifier": {"distribution": {"e": 0.5, "n": 0.3, "c": 0.2}, "saw_labels": False}}
    (folder / "items.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (posterior,) = run(settings(ONE), folder / "out").posteriors
    assert set(posterior.evidence) == {"classifier", "MJD none"}
    assert posterior.calibration.judges is None


class Counting(Scripted):
    """Counts what it is asked; its scores are no raw logits."""

    capabilities = Capabilities(raw_logits=False)
    asked = 0

    def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
        type(self).asked += len(questions)
        return super().answer_scores(questions)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> type[Counting]:
    Counting.asked = 0

    def opened(argument: str, options: ModelOptions) -> Counting:
        return Counting(name=f"counting:{argument}", answer_style="letters")

    monkeypatch.setitem(models.BACKENDS._parts, "counting", models.Backend("counting", "", opened))
    return Counting


@pytest.mark.parametrize(
    ("judges", "how", "message"),
    [
        (("counting", "counting"), {}, "the model counting twice"),
        (("counting:a", "counting:a/"), {}, "the model counting:a twice"),
        (("counting:a", "counting:b"), {}, "counting:a and counting:b have the same weights"),
        (
            ("scripted", "counting"),
            {"judge": JudgeSettings(transform="norm")},
            "needs raw logits, and model 'counting:'",
        ),
        (("counting", "scripted"), {"judge": JudgeSettings(paraphrases=2)}, "--paraphrases with answers in letters"),
        (("counting", "nobody"), {}, "no model is named 'nobody'"),
    ],
)
def test_judges_that_cannot_be_are_refused_before_any_is_asked(
    folder: Path, counting: type[Counting], judges: tuple[str, ...], how: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message) as error:
        run(settings(*judges, **{"judge": JudgeSettings(), **how}), folder / "out")
    assert error.value.hint
    assert counting.asked == 0
    assert not (folder / "out/run.sqlite").exists()


def test_judges_answer_as_suits_each_and_that_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = models.Backend("wordy", "", lambda argument, options: Scripted(name="wordy", answer_style="words"))
    monkeypatch.setitem(models.BACKENDS._parts, "wordy", words)
    done = run(settings(ONE, "wordy", judge=JudgeSettings("balanced:2")), folder / "out")
    styles = {name: json.loads(file.read_text().splitlines()[0])["style"] for name, file in done.mjds.items()}
    assert styles == {"one none": "letters", "wordy none": "words"}
    assert any("one in letters, wordy in words" in note for note in done.notes)
    alike = run(settings(ONE, "wordy"), folder / "alike")
    assert not any("different ways" in note for note in alike.notes)


def test_one_budget_for_all_judges(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Paid(Scripted):
        def __init__(self, name: str, budget: Budget) -> None:
            super().__init__(name=name, answer_style="words")
            self.revision, self.budget = name, budget

        def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
            for at, question in enumerate(questions):
                self.budget.settle(self.budget.reserve(question.prompt, 1), 1, 1)
                yield {at: next(iter(super().answer_scores([question])))[0]}

    def opened(argument: str, options: ModelOptions) -> Paid:
        assert options.budget is not None
        return Paid(f"paid:{argument}", options.budget)

    monkeypatch.setitem(models.BACKENDS._parts, "paid", models.Backend("paid", "", opened))
    for calls, kept in ((3 * ITEMS, 3 * ITEMS), (ITEMS, 4 * ITEMS)):
        options = ModelOptions(budget=Budget(max_calls=calls))
        how = settings("paid:a", "paid:b", model_options=options)
        if kept < 4 * ITEMS:
            with pytest.raises(UnavailableError, match="budget of 180 calls is spent: 180 made"):
                run(how, folder / "out")
        else:
            done = run(how, folder / "out")
            assert done.calls_made == ITEMS


def test_command_line_and_python_say_the_same(folder: Path, labeldist: Command) -> None:
    options = ["--model", ONE, "--model", TWO, "--explanations", "none", "--answers", "words", "--orders", "balanced:2"]
    said = labeldist("run", "items.jsonl", *options, "--out", "cli", "--json")
    assert said.returncode == 0, said.stderr
    told = json.loads(said.stdout)
    assert [*told["mjds"]] == ["one none", "two none"]
    judges = told["posteriors"][0]["calibration"]["judges"]
    found = ld.run("items.jsonl", model=[ONE, TWO], conditions=["none"], judge=WORDS, out="python")
    assert [*found.judged] == ["one none", "two none"]
    about = read_about(folder / "python/about.json")
    assert about is not None
    assert about["posteriors"][0]["calibration"]["judges"] == judges
    assert " --model scripted:one.json --model scripted:two.json " in command_of(about)
    report("cli", out="page.html")
    assert "MJD two none" in (folder / "page.html").read_text()
    files = ["--evidence", "cli/mjd.one.none.jsonl", "--evidence", "cli/mjd.two.none.jsonl"]
    prices = ["--price-call", "0.001", "--price-call", "two=0.009", "--calls-per-item", "2"]
    planned = labeldist("plan", "items.jsonl", *files, "--no-references", "--most-labels", 2, *prices)
    assert planned.returncode == 0, planned.stderr
    text = " ".join(planned.stdout.split())
    assert "one and two together save as much as" in text
    least = min(judges["each"], key=lambda one: one["lost"])["name"]
    assert f"To do without one, leave out {least}: " in text
    share, price = {"one": ("10%", "0.002"), "two": ("90%", "0.018")}[least]
    assert f"It takes {share} of what all judges cost: {price} per item." in text


@pytest.mark.parametrize(
    ("given", "message"), [(["x"], "--price-call x"), (["1", "2"], "twice"), (["one=-1"], "-1"), (["a=nan"], "nan")]
)
def test_prices_that_cannot_be(given: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as error:
        prices_of(None, given, None)
    assert error.value.hint
