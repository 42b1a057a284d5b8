"""Shared wordings, ordinal scales, examples, new tasks; and that nothing but tasks and data sets knows NLI."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Explanation, Item
from labeldist.explanations.prompts import explain_prompt
from labeldist.judging.orders import orders
from labeldist.judging.prompts import judge_prompt
from labeldist.tasks.load import default_task, load_task, shipped_tasks
from labeldist.tasks.scaffold import new_task

SOURCE = Path(__file__).parents[2] / "src" / "labeldist"
# Readers of one published file each, beside a named data set.
OF_ONE_DATA_SET = (SOURCE / "datasets" / "verdicts.py", SOURCE / "datasets" / "evade.py")


def test_no_code_path_names_nli() -> None:
    """Only task folders and named data sets do: elsewhere the word may stand in texts for people, never in code."""
    for file in SOURCE.rglob("*.py"):
        if SOURCE / "datasets" / "named" in file.parents or file in OF_ONE_DATA_SET:
            continue
        code = re.sub(r'"""(?:.|\n)*?"""', "", file.read_text(encoding="utf-8"))
        code = re.sub(r"#[^\n]*", "", code)
        assert not re.search(r"""["'](?:nli|entailment|neutral|contradiction|premise|hypothesis)["']""", code), file


def test_there_is_one_default_task() -> None:
    assert default_task() == "nli"
    assert load_task().name == "nli"


def test_the_shared_wording_is_that_of_the_published_prompts() -> None:
    """The English sentences, filled with what NLI asks, are the published prompts to the byte."""
    published, worded = load_task("nli").judge_prompts, load_task("nli-multilingual").judge_prompts
    assert published["letters"] == worded["letters"]
    assert published["verbalised"] == worded["verbalised"]


@pytest.mark.parametrize("name", shipped_tasks())
def test_the_example_of_a_task_can_be_asked(name: str) -> None:
    task = load_task(name)
    assert task.example is not None
    item = Item("example", task.example)
    reasons = [Explanation("Because.", label) for label in task.label_names]
    for style in task.judge_prompts:
        text = judge_prompt(task, item, reasons, orders("balanced:1", len(reasons), len(reasons))[0], style=style).text
        assert "<" not in text
        assert all(field in text for field in task.example.values())
    assert all(label.verbalised in explain_prompt(task, item, label.name) for label in task.labels)


@pytest.mark.parametrize(("name", "script"), [("nli-zh", r"[一-鿿]"), ("nli-ko", r"[가-힣]")])
def test_native_prompts_are_in_their_language(name: str, script: str) -> None:
    task = load_task(name)
    item = Item("1", {"premise": "X", "hypothesis": "Y"})
    text = judge_prompt(task, item, [], orders("balanced:1", 0, 3)[0]).text
    letters = re.findall(r"[^\W\d_]", text)
    assert sum(bool(re.match(script, letter)) for letter in letters) > 0.8 * len(letters)


def test_ordinal_tasks_have_rising_values() -> None:
    assert load_task("sarcasm").values == (1, 2, 3, 4, 5, 6)
    assert load_task("paraphrase").values == tuple(range(-5, 6))
    assert load_task("nli").values is None


def write(folder: Path, task: str, prompts: str) -> str:
    folder.mkdir()
    (folder / "task.toml").write_text(task, encoding="utf-8")
    (folder / "prompts.toml").write_text(prompts, encoding="utf-8")
    return str(folder)


GOOD_TASK = """title = "T"
language = "en"
fields = ["text"]
[[labels]]
name = "a"
verbalised = "a"
option = "Alpha"
[[labels]]
name = "b"
verbalised = "b"
option = "Beta"
"""
GOOD_PROMPTS = 'wording = "en"\nask = "what it is"\nclaim = "it is {label}"\nitem = "\\nText: {text}"\n'
BAD = {
    "unknown wording": (GOOD_TASK, GOOD_PROMPTS.replace('"en"', '"tlh"'), ("wording", "'tlh'", "en, ko, zh")),
    "no claim": (GOOD_TASK, GOOD_PROMPTS.replace("claim = ", "# "), ("claim", "a text")),
    "claim without label": (GOOD_TASK, GOOD_PROMPTS.replace("{label}", "so"), ("explain", "{label}")),
    "item without field": (GOOD_TASK, GOOD_PROMPTS.replace("{text}", "it"), ("{text}",)),
    "unknown scale": ('scale = "linear"\n' + GOOD_TASK, GOOD_PROMPTS, ("scale", "nominal or ordinal")),
    "no values": ('scale = "ordinal"\n' + GOOD_TASK, GOOD_PROMPTS, ("labels.value", "a number for each label")),
    "falling values": (
        'scale = "ordinal"\n'
        + GOOD_TASK.replace('name = "a"', 'name = "a"\nvalue = 2').replace('name = "b"', 'name = "b"\nvalue = 1'),
        GOOD_PROMPTS,
        ("labels.value", "rise"),
    ),
    "example of other fields": (GOOD_TASK + '[example]\ntitle = "x"\n', GOOD_PROMPTS, ("example", "text")),
}


def test_a_good_task_loads(tmp_path: Path) -> None:
    task = load_task(write(tmp_path / "good", GOOD_TASK, GOOD_PROMPTS))
    assert task.label_names == ("a", "b")
    assert set(task.judge_prompts) == {"letters", "words", "verbalised"}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_task_is_refused(name: str, tmp_path: Path) -> None:
    task, prompts, parts = BAD[name]
    with pytest.raises(InputError) as caught:
        load_task(write(tmp_path / "bad", task, prompts))
    for part in parts:
        assert part in str(caught.value)


def test_a_table_of_its_own_replaces_the_wording(tmp_path: Path) -> None:
    own = GOOD_PROMPTS + (
        '[judge.words]\nplain = "{text} {options}"\ncommented = "{text} {comments} {options}"\ncomment = "{text}"\n'
        'explicit_comment = "{text} {option}"\noption = "{option}"\noption_separator = "/"\n'
        'answer_forms = ["{option}"]\n'
    )
    task = load_task(write(tmp_path / "own", GOOD_TASK, own))
    assert task.judge_prompts["words"].plain == "{text} {options}"
    assert task.judge_prompts["letters"].plain.startswith("Please determine what it is")


@pytest.mark.parametrize("scale", ["nominal", "ordinal"])
@pytest.mark.parametrize("labels", [["no", "yes"], ["1", "2", "10"], ['a "quoted" \\ one', "ünïcode", "三"]])
def test_a_new_task_loads(scale: str, labels: list[str], tmp_path: Path) -> None:
    task = new_task(tmp_path / "fresh", labels, fields=["title", "body"], language="ko", scale=scale)
    assert task.label_names == tuple(labels)
    assert load_task(str(tmp_path / "fresh")) == task
    assert task.example is not None
    if scale == "ordinal":
        assert task.values == ((1, 2, 10) if labels[0] == "1" else tuple(range(1, len(labels) + 1)))


def test_a_new_task_is_no_file_written_over(tmp_path: Path) -> None:
    new_task(tmp_path / "fresh", ["a", "b"])
    with pytest.raises(UsageError, match="is there already"):
        new_task(tmp_path / "fresh", ["a", "b"])
    for labels in (["a"], ["a", "A"], ["a", " "]):
        with pytest.raises(UsageError, match="labels"):
            new_task(tmp_path / "bad", labels)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("nli", {}),
        ("fresh", {"fields": ["label"]}),
        ("fresh", {"fields": ["2nd"]}),
        ("fresh", {"fields": []}),
        ("fresh", {"labels": ["1", "1.0"], "scale": "ordinal"}),
        ("fresh", {"labels": ["a", "b\x7f"]}),
        ("fresh", {"labels": ["a", "{b}"]}),
        ("fresh", {"language": ""}),
        ("fre\udcffsh", {}),
        ("fre\nsh", {}),
    ],
)
def test_nothing_is_written_of_a_task_that_would_not_load(name: str, given: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        new_task(tmp_path / name, **{"labels": ["a", "b"], **given})
    assert not list(tmp_path.iterdir())


def test_the_command(labeldist: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    assert "offensiveness: Offensiveness of posts" in labeldist("tasks", "list").stdout
    found = json.loads(labeldist("tasks", "list", "--json").stdout)["tasks"]
    assert [task["name"] for task in found if task["default"]] == ["nli"]
    assert labeldist("tasks", "new", "mood", "--labels", "sad,glad").returncode == 0
    shown = labeldist("tasks", "show", "mood")
    assert "To judge, answered in letters" in shown.stdout
    (tmp_path / "items.jsonl").write_text(
        "".join(
            json.dumps({"id": str(at), "text": "Hello.", "labels": ["sad", "glad", "glad"]}) + "\n" for at in range(4)
        )
    )
    done = labeldist(
        "run", "items.jsonl", "--task", "mood", "--model", "scripted", "--reference-annotators", 1, "--out", "result"
    )
    assert done.returncode == 0, done.stderr
    assert "Human ceiling" in done.stdout
    assert labeldist("doctor", "--task", "mood", "--model", "scripted").returncode == 0
    for arguments in (("new", "mood", "--labels", "a,b"), ("new", "x", "--labels", "a"), ("show", "moood")):
        refused = labeldist("tasks", *arguments)
        assert refused.returncode == 2
        assert "Traceback" not in refused.stderr
