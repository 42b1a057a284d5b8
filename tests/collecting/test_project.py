"""Projects as they are written, without any tool, and answers read back from files as the tools write them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from labeldist.collecting.answers import read_project
from labeldist.collecting.choose import choose
from labeldist.collecting.explanations import NONE
from labeldist.collecting.inert import bare
from labeldist.collecting.project import collect
from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Annotation, Item
from labeldist.datasets.source import Dataset, open_source
from labeldist.tasks.labels import labels_task

Run = Callable[..., subprocess.CompletedProcess[str]]
HOSTILE = "<script>alert(1)</script> {{ 7*7 }} {% raw %} \"q\" 'a'\nnext &lt; $text1 \x85\u2028"


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Eight posts with labels, and two explanations of each label by two models."""
    return write(
        tmp_path / "items.jsonl",
        [
            {"id": f"p{n}", "text": HOSTILE if n == 3 else f"Post {n}.", "labels": [{"annotator": "a", "label": "0"}],
             "explanations": [
                 {"label": label, "text": f"{n} {label} by {model}", "source": f"secret-{model}"}
                 for label in ("offensive", "not offensive") for model in ("m1", "m2")
             ]}
            for n in range(8)
        ],
    )  # fmt: skip


def opened(source: Path) -> Dataset:
    return open_source(str(source), task="offensiveness")


def states(project: Path, answers: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
    """What Potato keeps, of user to unit to question to stored answer."""
    for user, units in answers.items():
        folder = project / "annotation_output" / user
        folder.mkdir(parents=True)
        given = {
            unit: [[{"schema": question, "name": answer}, answer] for question, answer in said.items()]
            for unit, said in units.items()
        }
        (folder / "user_state.json").write_text(json.dumps({"user_id": user, "instance_id_to_label_to_value": given}))


def ran(labeldist: Run, *arguments: object) -> dict[str, Any]:
    done = labeldist(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_nothing_begins_markup_or_a_template_and_people_see_the_text(source: Path, tmp_path: Path) -> None:
    collect(opened(source), tmp_path / "potato", tool="potato", what="labels")
    rows = rows_of(tmp_path / "potato" / "tasks.jsonl")
    assert bare(rows[3]["text1"]) == HOSTILE
    for text in ("<script", "</script", "{{", "{%", "&lt"):
        assert text not in rows[3]["text1"]
    configuration = json.loads((tmp_path / "potato" / "config.yaml").read_text(encoding="utf-8"))
    assert configuration["item_properties"]["text_key"] not in ("text", "text1")
    collect(opened(source), tmp_path / "studio", tool="label-studio", what="labels")
    tasks = json.loads((tmp_path / "studio" / "tasks.json").read_text(encoding="utf-8"))
    assert tasks[3]["data"] == {"labeldist_id": "p3", "text1": HOSTILE}


def test_yaml_and_xml_are_what_was_meant(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    odd = f"odd {HOSTILE}"
    file = write(tmp_path / "odd.jsonl", [{"id": n, "text": "x 😀", "labels": [odd, "fine"]} for n in range(3)])
    dataset = open_source(str(file), texts=False)
    collect(dataset, tmp_path / "potato", tool="potato", what="labels")
    found = yaml.safe_load((tmp_path / "potato" / "config.yaml").read_text(encoding="utf-8"))
    options = found["annotation_schemes"][0]["labels"]
    assert [bare(option["displayed_label"]) for option in options] == list(dataset.task.label_names)
    assert {option["name"] for option in options} == {
        "fine",
        "option-2" if options[0]["name"] == "fine" else "option-1",
    }
    collect(dataset, tmp_path / "studio", tool="label-studio", what="labels")
    root = ElementTree.parse(tmp_path / "studio" / "config.xml").getroot()
    shown = [choice.attrib["value"].replace("\u2060", "") for choice in root.iter("Choice")]
    assert shown == list(dataset.task.label_names)
    assert not any("$text1" in header.attrib["value"] for header in root.iter("Header"))


@pytest.mark.parametrize("what", ["explanations", "preference"])
@pytest.mark.parametrize("tool", ["potato", "label-studio"])
def test_whose_explanation_it_is_is_in_the_key_alone(source: Path, tmp_path: Path, tool: str, what: str) -> None:
    project = tmp_path / "project"
    done = collect(opened(source), project, tool=tool, what=what, seed=1)
    own = {file.name for file in done.files} - {"items.jsonl", "key.jsonl", "project.json"}
    assert len(own) == 2
    assert not any("secret" in (project / name).read_text(encoding="utf-8") for name in own)
    key = rows_of(project / "key.jsonl")
    assert len(key) == {"explanations": 32, "preference": 16}[what] == done.units
    order = [entry["item"] for entry in key]
    assert order != sorted(order)
    again = collect(opened(source), tmp_path / "again", tool=tool, what=what, seed=1)
    other = collect(opened(source), tmp_path / "other", tool=tool, what=what, seed=2)
    assert rows_of(again.files[3]) == key != rows_of(other.files[3])
    if what == "preference":
        assert all(
            {entry[side]["source"] for side in ("first", "second")} == {"secret-m1", "secret-m2"} for entry in key
        )
        assert {entry["first"]["source"] for entry in key} == {"secret-m1", "secret-m2"}


def test_files_of_others_are_not_touched(source: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "config.yaml").write_text("mine")
    with pytest.raises(UsageError, match=r"did not write, or that were changed since: config\.yaml"):
        collect(opened(source), project, tool="potato", what="labels")
    assert [file.name for file in project.iterdir() if not file.name.startswith(".")] == ["config.yaml"]
    done = collect(opened(source), project, tool="potato", what="labels", overwrite=True)
    assert (project / "config.yaml.kept-1").read_text() == "mine"
    assert any("config.yaml" in note for note in done.notes)
    # What it wrote itself it replaces; another tool's files of an earlier try do not stay behind.
    collect(opened(source), project, tool="label-studio", what="labels")
    assert not (project / "config.yaml").exists()
    assert (project / "config.xml").exists()


def test_a_project_in_which_people_answered_stays(source: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    collect(opened(source), project, tool="potato", what="labels")
    states(project, {"ann": {"p0": {"label": "offensive"}}})
    before = {file.name: file.read_bytes() for file in project.iterdir() if file.is_file()}
    with pytest.raises(UsageError, match="people have answered"):
        collect(opened(source), project, tool="potato", what="labels", overwrite=True)
    assert {file.name: file.read_bytes() for file in project.iterdir() if file.is_file()} == before


def test_the_source_is_not_overwritten(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="would overwrite what it is made from"):
        collect(opened(source), tmp_path, tool="potato", what="labels", overwrite=True)


def test_new_labels_come_behind_the_old_ones(source: Path, tmp_path: Path, labeldist: Run) -> None:
    collect(opened(source), tmp_path / "project", tool="potato", what="labels")
    states(tmp_path / "project", {
        "ann": {"p0": {"label": "offensive"}, "p1": {"label": "not offensive"}}, "a": {"p0": {"label": "offensive"}},
    })  # fmt: skip
    done = ran(labeldist, "read", "project", "--out", "labelled.jsonl")
    assert (done["rows"], done["answers"]) == (8, {"label": 3})
    assert any("1 items have two labels of one annotator" in note for note in done["notes"])
    rows = rows_of(tmp_path / "labelled.jsonl")
    assert rows[0]["labels"] == [
        {"annotator": "a", "label": "not offensive"}, {"annotator": "a", "label": "offensive"},
        {"annotator": "ann", "label": "offensive"},
    ]  # fmt: skip
    assert (rows[2]["labels"], rows[3]["fields"]["text"]) == ([{"annotator": "a", "label": "not offensive"}], HOSTILE)


def test_label_studios_export_is_read(source: Path, tmp_path: Path, labeldist: Run) -> None:
    collect(opened(source), tmp_path / "project", tool="label-studio", what="labels")
    tasks = json.loads((tmp_path / "project" / "tasks.json").read_text(encoding="utf-8"))
    result = {"from_name": "label", "to_name": "text1", "type": "choices", "value": {"choices": ["offensive"]}}
    for number, task in enumerate(tasks, 1):
        task |= {"id": number, "annotations": [{"completed_by": 4, "result": [result]}] if number < 3 else []}
    (tmp_path / "export.json").write_text(json.dumps(tasks))
    missing = labeldist("read", "project", "--out", "x.jsonl")
    assert (missing.returncode, "export them as JSON" in missing.stderr) == (2, True)
    assert ran(labeldist, "read", "project", "export.json", "--out", "x.jsonl")["answers"] == {"label": 2}
    assert rows_of(tmp_path / "x.jsonl")[1]["labels"][-1] == {"annotator": "4", "label": "offensive"}


def test_most_judges_must_confirm_an_explanation(source: Path, tmp_path: Path, labeldist: Run) -> None:
    collect(opened(source), tmp_path / "project", tool="potato", what="explanations")
    key = [entry for entry in rows_of(tmp_path / "project" / "key.jsonl") if entry["item"] == "p0"]

    def says(entry: Mapping[str, Any], *, faithful: str = "yes", speaks_for: str | None = None) -> dict[str, str]:
        return {"faithful": faithful, "relevant": "yes", "speaks_for": speaks_for or entry["label"]}

    both, one, wrong, unfinished = key
    states(tmp_path / "project", {
        "ann": {both["id"]: says(both), one["id"]: says(one), wrong["id"]: says(wrong, speaks_for=NONE),
                unfinished["id"]: {"faithful": "yes", "relevant": "yes"}},
        "bob": {both["id"]: says(both), one["id"]: says(one, faithful="no"), wrong["id"]: says(wrong, speaks_for=NONE)},
    })  # fmt: skip
    done = ran(labeldist, "read", "project", "--out", "valid.jsonl")
    assert any("1 of 4 judged explanations are valid; 28 of 32 were not judged" in note for note in done["notes"])
    first, second, *_ = rows_of(tmp_path / "valid.jsonl")
    assert first["explanations"] == [{"label": both["label"], "text": both["text"], "source": both["source"]}]
    assert len(first["verdicts"]) == 7
    assert "explanations" not in second


def test_preferences_become_a_table(source: Path, tmp_path: Path, labeldist: Run) -> None:
    collect(opened(source), tmp_path / "project", tool="potato", what="preference")
    first, second, *_ = rows_of(tmp_path / "project" / "key.jsonl")
    states(tmp_path / "project", {
        "ann": {first["id"]: {"preference": "second"}, second["id"]: {"preference": "neither"},
                "pair-99": {"preference": "first"}},
    })  # fmt: skip
    done = ran(labeldist, "read", "project", "--out", "preferred.jsonl")
    assert any("1 answers are to nothing that was asked" in note for note in done["notes"])
    rows = rows_of(tmp_path / "preferred.jsonl")
    assert [(row["item"], row["annotator"], row["preferred_source"]) for row in rows] == [
        (first["item"], "ann", first["second"]["source"]), (second["item"], "ann", None),
    ]  # fmt: skip
    assert (rows[0]["preferred_text"], rows[0]["label"]) == (first["second"]["text"], first["label"])


def test_an_answer_that_was_no_option_is_refused(source: Path, tmp_path: Path, labeldist: Run) -> None:
    collect(opened(source), tmp_path / "project", tool="potato", what="labels")
    states(tmp_path / "project", {"ann": {"p0": {"label": "maybe"}}})
    done = labeldist("read", "project", "--out", "x.jsonl")
    assert done.returncode == 2
    assert (
        "found {'annotator': 'ann', 'label': 'maybe'}, expected an annotator and one of: not offensive" in done.stderr
    )
    assert not (tmp_path / "x.jsonl").exists()


@pytest.mark.parametrize(
    ("make", "message"),
    [(lambda folder: None, "no answers: .* does not exist"),
     (lambda folder: states(folder, {"ann": {}}), "no answer in"),
     (lambda folder: (folder / "project.json").unlink(), "is no project that `labeldist collect` wrote")],
    ids=["not started", "nobody", "no project"],
)  # fmt: skip
def test_without_answers(
    source: Path, tmp_path: Path, labeldist: Run, make: Callable[[Path], None], message: str
) -> None:
    collect(opened(source), tmp_path / "project", tool="potato", what="labels")
    make(tmp_path / "project")
    done = labeldist("read", "project", "--out", "x.jsonl")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    with pytest.raises(UsageError, match=message):
        read_project(tmp_path / "project", None, tmp_path / "x.jsonl")


def test_texts_are_found_named_or_missed(tmp_path: Path) -> None:
    rows = [{"id": n, "text": "Hi.", "note": "n", "labels": ["a", "b"]} for n in range(3)]
    dataset = open_source(str(write(tmp_path / "items.jsonl", rows)), texts=False)
    collect(dataset, tmp_path / "all", tool="label-studio", what="labels")
    collect(dataset, tmp_path / "one", tool="label-studio", what="labels", fields=["note"])
    shown = [json.loads((tmp_path / name / "tasks.json").read_text())[0]["data"] for name in ("all", "one")]
    assert shown == [{"labeldist_id": "0", "text1": "Hi.", "text2": "n"}, {"labeldist_id": "0", "text1": "n"}]
    with pytest.raises(UsageError, match="no item has a text in 'tex'"):
        collect(dataset, tmp_path / "none", tool="potato", what="labels", fields=["tex"])
    bare_ = write(tmp_path / "bare.jsonl", [{"id": n, "labels": ["a", "b"]} for n in range(3)])
    with pytest.raises(InputError, match="no column with a text in every item"):
        collect(open_source(str(bare_), texts=False), tmp_path / "none", tool="potato", what="labels")


def test_without_explanations_there_is_nothing_to_judge(tmp_path: Path) -> None:
    file = write(tmp_path / "items.jsonl", [{"id": 1, "text": "Hi.", "labels": ["0"]}])
    for what, message in (("explanations", "no explanation in any item"), ("preference", "with two explanations")):
        with pytest.raises(InputError, match=message):
            collect(opened(file), tmp_path / "none", tool="potato", what=what)


def test_the_next_labels_go_where_plan_sends_them() -> None:
    task = labels_task(["yes", "no"])
    # Where targeting does not pay, labels are spread evenly: those with the fewest first.
    items = [Item(str(n), {}, (Annotation("yes", "a"), Annotation("yes", "b"))[: 1 + (n % 3 > 0)]) for n in range(30)]
    chosen, why = choose(items, task, 10, seed=0)
    assert {item.id for item in chosen} == {str(n) for n in range(0, 30, 3)}
    assert "evenly" in why
    unlabelled = [Item(str(n), {}) for n in range(9)]
    drawn, why = choose(unlabelled, task, 4, seed=0)
    assert (len(drawn), "at random" in why) == (4, True)
    assert drawn == choose(unlabelled, task, 4, seed=0)[0] != choose(unlabelled, task, 4, seed=1)[0]


def test_where_targeting_pays_the_least_certain_come_first() -> None:
    """One item in ten is contested, and all have forty labels: further ones help most where people differ."""
    task = labels_task(["a", "b", "c"])
    generator = np.random.default_rng(1)
    contested = np.arange(400)[:, None] % 10 == 0
    shares = np.where(contested, generator.dirichlet([3, 3, 3], 400), generator.dirichlet([60, 0.3, 0.3], 400))
    counts = np.random.default_rng(0).multinomial(40, shares)
    items = [
        Item(str(n), {}, tuple(Annotation(label, times=int(k)) for label, k in zip("abc", row, strict=True) if k))
        for n, row in enumerate(counts)
    ]
    chosen, why = choose(items, task, 20, seed=0)
    assert sum(int(item.id) % 10 == 0 for item in chosen) >= 18
    assert "least certain items was better" in why
