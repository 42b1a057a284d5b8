"""Tasks of seven labels, and of more labels than there are letters."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from labeldist.calls.store import Store
from labeldist.core.errors import UnavailableError, UsageError
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.judging.judge import JudgeSettings, judge
from labeldist.judging.orders import orders
from labeldist.judging.prompts import judge_prompt, option_names
from labeldist.judging.verbalised import read_shares
from labeldist.models.scripted import Rule, Scripted
from labeldist.tasks.scaffold import new_task

SEVEN = ["anger", "boredom", "calm", "disgust", "envy", "fear", "joy"]
# Thirty that begin with a byte of their own, and thirty of which some do not.
DISTINCT = [f"{letter}-label" for letter in "abcdefghijklmnopqrstuvwxyz0123"]
ALIKE = [f"label {number}" for number in range(30)]


def task_of(folder: Path, labels: list[str]) -> Task:
    return new_task(folder / "many", labels)


def test_seven_labels_through_every_stage(
    labeldist: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    task_of(tmp_path, SEVEN)
    rows = [
        {
            "id": str(at),
            "text": f"Text {at}.",
            "labels": [SEVEN[(at + k) % 7] for k in (0, 0, 1)],
            "reference": {SEVEN[at % 7]: 9},
        }
        for at in range(6)
    ]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for model in ("scripted", "embedded"):
        settings = ("--orders", "balanced:7", "--answers", "letters")
        done = labeldist("run", "items.jsonl", "--task", "many", "--model", model, "--out", model, *settings)
        assert done.returncode in (0, 1), done.stderr
        assert "Traceback" not in done.stderr
        for line in (tmp_path / model / "mjd.none.jsonl").read_text().splitlines():
            found = json.loads(line)
            assert list(found["distribution"]) == SEVEN
            assert found["orders"] == 7
            assert sum(found["distribution"].values()) == pytest.approx(1)


def test_orders_of_many_options_are_balanced() -> None:
    for count in (7, 11, 30):
        found = orders(f"balanced:{count}", 0, count)
        for place in range(count):
            assert {order.options[place] for order in found} == set(range(count))
    with pytest.raises(UsageError, match="balanced:N"):
        orders("all", 0, 30)


def test_letters_that_run_out_are_refused_with_a_way_on(tmp_path: Path) -> None:
    task = task_of(tmp_path, DISTINCT)
    with pytest.raises(UsageError, match="30 labels, and there are letters for 26") as caught:
        judge([(Item("1", {"text": "x"}), [])], task, Scripted(), JudgeSettings("balanced:1", style="letters"))
    assert "--answers verbalised" in str(caught.value)


def test_without_a_word_of_it_words_are_used(tmp_path: Path) -> None:
    task = task_of(tmp_path, DISTINCT)
    script = [Rule("x", answers=(("j-label", 9.0),))]
    [found] = judge([(Item("1", {"text": "x"}), [])], task, Scripted(script), JudgeSettings("balanced:2"))
    assert max(found.distribution.as_dict(), key=found.distribution.as_dict().__getitem__) == "j-label"


def test_words_that_begin_alike_are_both_named(tmp_path: Path) -> None:
    task = task_of(tmp_path, ALIKE)
    with pytest.raises(UnavailableError, match=r"means only 'label 0' and not 'label 1'") as caught:
        judge([(Item("1", {"text": "x"}), [])], task, Scripted(), JudgeSettings("balanced:1"))
    assert "other words, or --answers verbalised" in str(caught.value)


def test_words_that_begin_alike_are_found_before_explanations_are_paid_for(
    labeldist: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    task_of(tmp_path, ALIKE)
    (tmp_path / "items.jsonl").write_text('{"id": "1", "text": "x", "labels": ["label 1"]}\n')
    done = labeldist("run", "items.jsonl", "--task", "many", "--model", "scripted", "--out", "out")
    assert done.returncode == 1
    assert "no first token that means only 'label 0'" in done.stderr
    with Store(tmp_path / "out" / "run.sqlite") as store:
        assert store.totals() == {}


def test_a_distribution_can_be_said_of_any_number_of_labels(tmp_path: Path) -> None:
    task = task_of(tmp_path, ALIKE)
    order = orders("balanced:1", 0, 30)[0]
    prompt = judge_prompt(task, Item("1", {"text": "x"}), [], order, style="verbalised")
    assert "\n30. " in prompt.text
    assert "its number, a colon and a number" in prompt.text
    few = new_task(tmp_path / "few", SEVEN)
    prompt = judge_prompt(few, Item("1", {"text": "x"}), [], orders("balanced:1", 0, 7)[0], style="verbalised")
    assert "its letter, a colon and a number" in prompt.text
    shares = [10, 20, *[70 / 28] * 28]
    told = "\n".join(f"{number}: {share}" for number, share in zip(option_names(30), shares, strict=True))
    model = Scripted([Rule("x", text=told)])
    [found] = judge([(Item("1", {"text": "x"}), [])], task, model, JudgeSettings("balanced:1", style="verbalised"))
    by_label = found.distribution.as_dict()
    first, second = (task.label_names[at] for at in order.options[:2])
    assert (by_label[first], by_label[second]) == pytest.approx((0.1, 0.2))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("1: 50\n2: 50\n" + "\n".join(f"{n}: 0" for n in range(3, 28)), 0.5),
        ("\n".join(f"{n}. label: {100 if n == 1 else 0}" for n in range(1, 28)), 1.0),
        ("\n".join(f"{n}：{100 if n == 1 else 0}" for n in range(1, 28)), 1.0),
        ("1: 50\n1: 50\n" + "\n".join(f"{n}: 0" for n in range(3, 28)), None),
        ("\n".join(f"{n}: 1" for n in range(1, 27)), None),
        ("28: 100", None),
    ],
)
def test_numbered_answers_are_read_strictly(answer: str, expected: float | None) -> None:
    found = read_shares(answer, ["label"] * 27)
    assert (None if found is None else found[0]) == expected


@pytest.mark.parametrize(
    ("answer", "options", "expected"),
    [
        ("A. 1: 70\nB. 2: 30", ["1", "2"], (0.7, 0.3)),
        ("A. -5: 70\nB. -4: 30", ["-5", "-4"], (0.7, 0.3)),
        ("A: 1\nB: 99", ["1", "99"], (0.01, 0.99)),
        ("A. 是，但有条件：70\nB. ２：30", ["是，但有条件", "２"], (0.7, 0.3)),
        ("A：70人\nB：30人", ["是", "否"], (0.7, 0.3)),
        ("A: 70명\nB: 30명", ["예", "아니요"], (0.7, 0.3)),
        ("A：70；B：30", ["是", "否"], (0.7, 0.3)),
        ("A：70％、B：30％", ["是", "否"], (0.7, 0.3)),
    ],
)
def test_options_that_are_numbers_and_answers_of_other_scripts(
    answer: str, options: list[str], expected: tuple[float, ...]
) -> None:
    assert read_shares(answer, options) == pytest.approx(expected)
