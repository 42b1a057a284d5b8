"""Real tools: Potato with people who answer in a browser, and Label Studio's own reader of interfaces and tasks."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.collecting.tools import CHROMIUM, FOLDER, READY, annotate, potato

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not READY.exists(), reason="no annotation tools here: tests/collecting/setup_tools.sh"),
]
in_browser = pytest.mark.skipif(not CHROMIUM, reason="no chromium here: apt-get install chromium")
HOSTILE = """<script>alert(1)</script> {{ 7*7 }} "q" 'a' </script><img src=x onerror=alert(2)> &lt; {% raw %} $text1"""
Run = Callable[..., subprocess.CompletedProcess[str]]


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def ran(labeldist: Run, *arguments: object) -> dict[str, Any]:
    done = labeldist(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def write_items(file: Path) -> Path:
    """Twelve posts, two of them hostile, with the labels of two annotators; and explanations of three."""
    rows = []
    for number in range(12):
        text = f"Post {number}. {HOSTILE}" if number in (0, 5) else f"Post {number}: I like it, mostly."
        said = [("offensive", f"Reason {number}, <b>rude</b>: {HOSTILE if number == 0 else 'it is rude.'}")]
        said.append(("not offensive", f"Reason {number}: it is kind."))
        labels = [{"annotator": "old-1", "label": "not offensive"}]
        labels.append({"annotator": "old-2", "label": "offensive" if number % 2 else "not offensive"})
        rows.append({"id": "{{id}}<5>" if number == 5 else f"post-{number}", "text": text, "labels": labels})
        if number < 3:
            rows[-1]["explanations"] = [
                {"label": label, "text": why, "source": f"model-{n}"} for n, (label, why) in enumerate(said)
            ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


@in_browser
def test_two_people_label_twelve_items_and_the_posterior_follows(labeldist: Run, tmp_path: Path) -> None:
    items = write_items(tmp_path / "items.jsonl")
    project = tmp_path / "a project"
    done = ran(labeldist, "collect", items, "--task", "offensiveness", "--tool", "potato", "--what", "labels",
               "--out", project)  # fmt: skip
    key = {row["id"]: row["item"] for row in rows_of(project / "key.jsonl")}
    assert len(key) == 12
    # Both find the odd posts offensive; of the even ones only ann does.
    odd = {unit: int(item.removeprefix("post-")) % 2 if item.startswith("post-") else 1 for unit, item in key.items()}
    given = {
        who: {unit: {"label": "offensive" if odd[unit] or who == "ann" else "not offensive"} for unit in key}
        for who in ("ann", "bob")
    }
    with potato(done["command"], tmp_path / "potato.log") as url:
        found = {who: annotate(url, who, given[who], tmp_path / f"{who}.png") for who in given}
    for who in given:
        assert found[who]["dialogs"] == [], "a text acted in the page"
    texts = {row["id"]: row["text"] for row in rows_of(items)}
    for unit, page in found["ann"]["seen"].items():
        assert texts[key[unit]] in page.replace("\u2060", "")
    told = ran(labeldist, "read", project, "--out", tmp_path / "labelled.jsonl")
    assert told["answers"] == {"label": 24}
    assert sorted(told["annotators"]) == ["ann", "bob"]
    before, after = (posterior(labeldist, file, tmp_path) for file in (items, tmp_path / "labelled.jsonl"))
    for unit, item in key.items():
        old, new = before[item]["label_counts"], after[item]["label_counts"]
        more = 2 if odd[unit] else 1
        assert new["offensive"] == old["offensive"] + more
        assert new["not offensive"] == old["not offensive"] + 2 - more
        assert after[item]["distribution"]["offensive"] > before[item]["distribution"]["offensive"]
    mean = {
        parity: sum(after[key[u]]["distribution"]["offensive"] for u in key if odd[u] == parity) / 6
        for parity in (0, 1)
    }
    assert mean[1] > mean[0]
    shown(tmp_path / "ann.png", "labels.png")


def posterior(labeldist: Run, file: Path, folder: Path) -> dict[str, dict[str, Any]]:
    out = folder / f"posterior.{file.stem}.jsonl"
    ran(labeldist, "estimate", file, "--task", "offensiveness", "--out", out)
    return {row["id"]: row for row in rows_of(out)}


@in_browser
def test_six_explanations_are_validated_and_selected(labeldist: Run, tmp_path: Path) -> None:
    items = write_items(tmp_path / "items.jsonl")
    project = tmp_path / "validation"
    done = ran(labeldist, "collect", items, "--task", "offensiveness", "--tool", "potato", "--what", "explanations",
               "--out", project)  # fmt: skip
    key = rows_of(project / "key.jsonl")
    assert len(key) == 6
    # Those for "not offensive" are fine; of the others one speaks for the wrong label, one is unfaithful.
    answers = {}
    for entry in key:
        fine = entry["label"] == "not offensive" or entry["item"] == "post-0"
        answers[entry["id"]] = {
            "faithful": "yes" if fine or entry["item"] == "post-1" else "no",
            "relevant": "yes",
            "speaks_for": entry["label"] if entry["item"] != "post-1" or fine else "none of these",
        }
    with potato(done["command"], tmp_path / "potato.log") as url:
        found = annotate(url, "judge", answers, tmp_path / "judge.png")
    assert found["dialogs"] == []
    for entry in key:
        page = found["seen"][entry["id"]].replace("\u2060", "")
        assert entry["text"] in page
        assert entry["source"] not in page
    told = ran(labeldist, "read", project, "--out", tmp_path / "validated.jsonl")
    assert told["answers"] == {"faithful": 6, "relevant": 6, "speaks_for": 6}
    kept = {
        row["id"]: {e["label"] for e in row.get("explanations", [])} for row in rows_of(tmp_path / "validated.jsonl")
    }
    both = {"offensive", "not offensive"}
    assert [kept[f"post-{n}"] for n in range(3)] == [both, {"not offensive"}, {"not offensive"}]
    selected = labeldist("select", tmp_path / "validated.jsonl", "--task", "offensiveness", "--explanations",
                         "label-free", "--from", "model-1", "--out", tmp_path / "selected.jsonl")  # fmt: skip
    assert "no explanation for label 'offensive'" in selected.stderr
    shown(tmp_path / "judge.png", "explanations.png")


def shown(file: Path, name: str) -> None:
    """Keep a screenshot for whoever wants to look at it."""
    assert file.stat().st_size > 10_000
    shutil.copy(file, FOLDER / name)


CHECK = """
import json, sys
from label_studio_sdk.label_interface import LabelInterface
interface = LabelInterface(open(sys.argv[1] + "/config.xml").read())
interface.validate()
tasks = json.load(open(sys.argv[1] + "/tasks.json"))
for task in tasks:
    interface.validate_task(task, validate_regions_only=False)
print(json.dumps({"choices": {n: list(c.labels_attrs) for n, c in ((c.name, c) for c in interface.controls)}}))
"""


@pytest.mark.parametrize("what", ["labels", "explanations", "preference"])
def test_label_studio_takes_interface_and_tasks(labeldist: Run, tmp_path: Path, what: str) -> None:
    items = write_items(tmp_path / "items.jsonl")
    rows = rows_of(items)
    for row in rows[:3]:
        row["explanations"].append({"label": "offensive", "text": "Another.", "source": "model-2"})
    items.write_text("".join(json.dumps(row) + "\n" for row in rows))
    project = tmp_path / "project"
    ran(labeldist, "collect", items, "--task", "offensiveness", "--tool", "label-studio", "--what", what,
        "--out", project)  # fmt: skip
    python = FOLDER / "label-studio" / "bin" / "python"
    done = subprocess.run([python, "-c", CHECK, project], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    asked = json.loads((project / "project.json").read_text())["questions"]
    assert {*json.loads(done.stdout)["choices"]} == {*asked}
