"""Only what is proven a run's own is replaced or removed; nothing that is read is ever written; names never meet."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.core.errors import LabeldistError, StoreError, UsageError
from labeldist.datasets.locks import lock
from labeldist.datasets.names import file_part
from labeldist.datasets.source import open_source
from labeldist.explanations.condition import Condition
from labeldist.models.scripted import Scripted
from labeldist.runs.beside import check_out, failures_of, store_of
from labeldist.runs.folder import alone, own_files
from labeldist.runs.names import mjds_name, posterior_name
from labeldist.runs.own import OwnFiles
from labeldist.runs.pipeline import run
from labeldist.runs.prepared import RunSummary
from labeldist.runs.settings import RunSettings
from labeldist.runs.single import judge_to_file

ITEM = {"premise": "It rains.", "hypothesis": "It is wet.", "labels": ["e", "e", "n"], "reference": {"e": 3, "n": 2}}
Runs = Callable[..., RunSummary]


@pytest.fixture
def items(tmp_path: Path) -> Path:
    file = tmp_path / "items.jsonl"
    file.write_text("".join(json.dumps({**ITEM, "id": str(number)}) + "\n" for number in range(3)))
    return file


@pytest.fixture
def runs(items: Path, tmp_path: Path) -> Runs:
    """Runs into ``out`` with the given settings, in a fraction of a second."""

    def start(source: Path = items, *, overwrite: bool = False, **settings: Any) -> RunSummary:
        known = {"model": "scripted", "conditions": ("none", "label-free")} | settings
        return run(RunSettings(str(source), **known), tmp_path / "out", overwrite=overwrite)

    return start


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.startswith("run.sqlite")}


# What a folder has of others.


@pytest.mark.parametrize("name", ["mjd.none.jsonl", "posterior.jsonl", "evaluation.md", "failures.jsonl"])
def test_a_changed_file_is_refused_by_name_and_moved_aside_with_overwrite(
    name: str, runs: Runs, tmp_path: Path
) -> None:
    runs()
    before = contents(tmp_path / "out")
    changed = before.get(name, b"") + b'{"id": "mine"}\n'
    (tmp_path / "out" / name).write_bytes(changed)
    with pytest.raises(UsageError, match=name):
        runs()
    assert contents(tmp_path / "out") == before | {name: changed}
    done = runs(overwrite=True)
    assert contents(tmp_path / "out") == before | {f"{name}.kept-1": changed}
    assert any(f"{name}.kept-1" in note for note in done.notes)
    (tmp_path / "out" / name).write_bytes(changed)
    runs(overwrite=True)
    assert contents(tmp_path / "out") == before | {f"{name}.kept-1": changed, f"{name}.kept-2": changed}


def test_files_that_no_run_wrote_stay(runs: Runs, tmp_path: Path) -> None:
    runs()
    others = {
        "mjd.mine.jsonl": b"mine",
        "posterior_old.jsonl": b"mine",
        "notes.md": b"mine",
        ".mine.part": b"mine",
        "evaluation.json.kept-1": b"mine",
    }
    for name, content in others.items():
        (tmp_path / "out" / name).write_bytes(content)
    runs(conditions=("none",), overwrite=True)
    found = contents(tmp_path / "out")
    assert {name: found.get(name) for name in others} == others
    assert "mjd.label-free.jsonl" not in found


def test_refused_before_anything_is_asked(items: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: Any) -> None:
        pytest.fail("a model was opened")

    monkeypatch.setattr("labeldist.calls.engine.open_model", asked)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/evaluation.json").write_text("somebody's")
    with pytest.raises(UsageError, match=r"evaluation\.json"):
        run(RunSettings(str(items), model="scripted"), tmp_path / "out")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["evaluation.json"]


def test_a_link_in_place_of_a_result_is_not_followed(runs: Runs, tmp_path: Path) -> None:
    runs()
    (tmp_path / "elsewhere").write_bytes((tmp_path / "out/posterior.jsonl").read_bytes())
    (tmp_path / "out/posterior.jsonl").unlink()
    (tmp_path / "out/posterior.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=r"posterior\.jsonl"):
        runs()


def test_a_file_that_comes_while_a_run_lasts_is_moved_aside(runs: Runs, tmp_path: Path) -> None:
    done: list[str] = []

    def progress(stage: str, *_: Any) -> None:
        if not done:
            done.append(stage)
            (tmp_path / "out/posterior.jsonl").write_text("mine")

    run(RunSettings(str(tmp_path / "items.jsonl"), model="scripted"), tmp_path / "out", progress=progress)
    assert done
    assert (tmp_path / "out/posterior.jsonl.kept-1").read_text() == "mine"
    assert json.loads((tmp_path / "out/posterior.jsonl").read_bytes().splitlines()[0])["id"] == "0"


# What was noted, whenever a process is killed.


def test_a_kill_between_note_and_file_leaves_the_list_right(tmp_path: Path) -> None:
    own, file = own_files(tmp_path / "run.sqlite"), tmp_path / "a.txt"
    one, other = ("9" * 64, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")  # of nothing, of abc
    own.note(file, other)
    assert not own.has(file)
    file.write_text("abc")
    own.note(file, one)  # and killed before the file was replaced
    assert own.has(file)
    own.settle()
    assert own.hashes() == {"a.txt": {other}}
    file.write_text("abd")
    assert not own.has(file)
    file.unlink()
    own.settle()
    assert own.hashes() == {}


def test_a_line_that_was_cut_off_harms_no_other(tmp_path: Path) -> None:
    own = OwnFiles(tmp_path / ".run.files")
    own.note(tmp_path / "a", "1")
    with own.listed.open("ab") as file:
        file.write(b'{"file": "b", "sha')
    own.note(tmp_path / "c", "3")
    assert own.hashes() == {"a": {"1"}, "c": {"3"}}


def test_a_list_leads_out_of_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "mine").write_text("abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    lines = [
        {"file": name, "sha256": digest}
        for name in ("a", "../mine", str(tmp_path / "mine"), "..", "", "a\0", "a" * 256, 3)
    ]
    (tmp_path / "out/.run.files").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert OwnFiles(tmp_path / "out/.run.files").hashes() == {"a": {digest}}


@pytest.mark.parametrize("content", ["notes of mine\n", "[]\n", '{"file": 1}\n', "\xff\n"])
def test_a_list_of_somebody_else_is_refused(content: str, runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/.run.files").write_text(content, encoding="latin-1")
    with pytest.raises(StoreError, match="no list"):
        runs(overwrite=True)
    assert (tmp_path / "out/.run.files").read_text(encoding="latin-1") == content


@pytest.mark.parametrize("name", ["run.sqlite", ".run.lock", "thesis.txt"])
def test_a_list_names_no_store_no_lock_and_no_file_that_a_run_does_not_write(
    name: str, runs: Runs, tmp_path: Path
) -> None:
    """Whoever made the list: a folder may come from somebody else."""
    runs()
    file = tmp_path / "out" / name
    if not file.exists():
        file.write_text("mine")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    with (tmp_path / "out" / ".run.files").open("a") as listed:
        listed.write(json.dumps({"file": name, "sha256": digest}) + "\n")
    before = file.stat().st_ino
    assert runs(overwrite=True).calls_made == 0
    assert file.stat().st_ino == before


def test_what_a_killed_run_had_begun_is_removed_where_nobody_writes_it(runs: Runs, tmp_path: Path) -> None:
    runs()
    for name in (".mjd.old.jsonl.0123456789ab.part", ".notes.part"):
        (tmp_path / "out" / name).write_text("half a")
    runs()
    assert [file.name for file in (tmp_path / "out").glob(".*.part")] == [".notes.part"]


# What is read is never written.


def test_a_run_never_deletes_its_own_input(runs: Runs, tmp_path: Path) -> None:
    runs()
    source = tmp_path / "out/explanations.jsonl"
    before = contents(tmp_path / "out")
    os.link(source, tmp_path / "hard.jsonl")
    (tmp_path / "soft.jsonl").symlink_to(source)
    for name in (source, tmp_path / "hard.jsonl", tmp_path / "soft.jsonl"):
        with pytest.raises(UsageError, match="overwrite what it is made from"):
            runs(name, explainer="items:scripted", overwrite=True)
    assert contents(tmp_path / "out") == before


def test_a_source_named_like_a_result_is_not_deleted(items: Path, runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    source = tmp_path / "out/mjd.none.jsonl"
    source.write_bytes(items.read_bytes())
    with pytest.raises(UsageError, match="overwrite what it is made from"):
        runs(source, overwrite=True)
    assert source.read_bytes() == items.read_bytes()


@pytest.mark.parametrize("way", ["symlink", "hardlink", "dots"])
def test_a_stage_knows_its_input_by_any_name(way: str, items: Path, tmp_path: Path) -> None:
    before = items.read_bytes()
    out = tmp_path / "other.jsonl"
    if way == "symlink":
        out.symlink_to(items)
    elif way == "hardlink":
        os.link(items, out)
    else:
        (tmp_path / "sub").mkdir()
        out = tmp_path / "sub/../items.jsonl"
    with pytest.raises(UsageError, match="overwrite what it is made from"):
        judge_to_file(open_source(str(items)), Scripted(), out, explanations="none")
    assert items.read_bytes() == before


def test_the_files_of_models_and_tasks_are_inputs(items: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/model.safetensors").write_text("weights")
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "model/model.safetensors")
    for out in (tmp_path / "model/mjd.jsonl", tmp_path / "link.jsonl"):
        model = Scripted(name=f"transformers:{tmp_path / 'model'}")
        with pytest.raises(UsageError, match="overwrite what it is made from"):
            judge_to_file(open_source(str(items)), model, out, explanations="none")
    (tmp_path / "task").mkdir()
    for file in open_source(str(items)).inputs[1:]:
        (tmp_path / "task" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "task.jsonl").symlink_to(tmp_path / "task/task.toml")
    dataset = open_source(str(items), task=str(tmp_path / "task"))
    with pytest.raises(UsageError, match="overwrite what it is made from"):
        judge_to_file(dataset, Scripted(), tmp_path / "task.jsonl", explanations="none")
    judge_to_file(dataset, Scripted(), tmp_path / "task/mjd.jsonl", explanations="none")  # beside them is no harm


# What lies beside the result of a single stage.


def test_failures_of_others_are_refused_before_anything_is_asked(items: Path, tmp_path: Path) -> None:
    class Asked(Scripted):
        def next_token_scores(self, *_: Any) -> Any:
            pytest.fail("the model was asked")

    items.write_text(items.read_text() + '{"id": "bad"}\n')
    dataset, out = open_source(str(items), on_error="skip"), tmp_path / "mjd.jsonl"
    judge_to_file(dataset, Scripted(), out, explanations="none")
    judge_to_file(dataset, Scripted(), out, explanations="none")
    written = failures_of(out).read_bytes()
    failures_of(out).write_bytes(written + b"a note of mine\n")
    with pytest.raises(UsageError, match=r"failures\.mjd\.jsonl"):
        judge_to_file(dataset, Asked(), out, explanations="none")
    failures_of(out).write_bytes(written)
    items.write_text(items.read_text().replace('{"id": "bad"}\n', ""))
    judge_to_file(dataset, Scripted(), out, explanations="none")
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        ".mjd.calls.lock", "items.jsonl", "mjd.calls.sqlite", "mjd.jsonl"
    ]  # fmt: skip


def test_names_of_all_that_lies_beside_are_short_enough(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="more than 200 bytes"):
        check_out(tmp_path / f"{'x' * 195}.jsonl")
    out = tmp_path / f"{'x' * 194}.jsonl"
    check_out(out)
    for file in (failures_of(out), store_of(out), own_files(failures_of(out)).listed):
        assert len(f".{file.name}.0123456789ab.part") <= 255


def test_beside_a_device_is_the_current_folder(items: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    judge_to_file(open_source(str(items)), Scripted(), Path("/dev/null"), explanations="none")
    assert (tmp_path / "null.calls.sqlite").exists()
    assert not list(Path("/dev").glob("*null.*"))


# Names.


@given(st.lists(st.text(max_size=300), min_size=2, max_size=2, unique=True))
def test_different_texts_make_different_names(texts: list[str]) -> None:
    one, other = (file_part(text) for text in texts)
    assert one.casefold() != other.casefold()
    for part in (one, other):
        assert len(f".posterior.{part}.jsonl.0123456789ab.part".encode()) <= 143, "as short as any file system wants"
        assert "/" not in part
        assert "\0" not in part


@given(st.lists(st.sampled_from(["a", "A", " ", ".", "-", "~", ":", "/", "ä", "first", "guided"]), max_size=4))
def test_close_texts_make_different_names(pieces: list[str]) -> None:
    text = "".join(pieces)
    for other in {text.lower(), text.replace(" ", "."), text.replace("~", "-"), file_part(text), text + "-"} - {text}:
        assert file_part(other).casefold() != file_part(text).casefold()


def test_ordinary_names_are_what_they_say() -> None:
    assert [file_part(name) for name in ("mnli", "my_group-2")] == ["mnli", "my_group-2"]
    assert mjds_name(Condition("label-guided", "mnli", "longest")) == "mjd.mnli-guided-longest.jsonl"
    assert [posterior_name(group) for group in (None, "mnli")] == ["posterior.jsonl", "posterior.mnli.jsonl"]


def test_each_group_has_a_posterior_of_its_own(tmp_path: Path) -> None:
    groups = ["a b", "a.b", "a", "A", "g" * 250, "../up", "专家"]
    said = {group: "en"[at % 2] for at, group in enumerate(groups)}
    labels = [{"annotator": f"{group.replace('/', '|')}/{n}", "label": said[group]} for group in groups for n in (1, 2)]
    rows = [{**ITEM, "id": str(number), "labels": labels} for number in range(3)]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    conditions = tuple(f"{group.replace('/', '|')}-guided" for group in groups)
    done = run(RunSettings(str(tmp_path / "items.jsonl"), model="scripted", conditions=conditions), tmp_path / "out")
    files = [one.file for one in done.posteriors]
    assert len({file.name.casefold() for file in files}) == len(files) == len(groups) + 1
    assert {file.parent for file in files} == {tmp_path / "out"}
    for one in done.posteriors[1:]:
        first = json.loads(one.file.read_bytes().splitlines()[0])["distribution"]
        group = str(one.annotators).replace("|", "/")
        assert max(first, key=first.get) == {"e": "entailment", "n": "neutral"}[said[group]]


# The lock.


def test_a_lock_is_nobody_elses_file(tmp_path: Path) -> None:
    target, place = tmp_path / "mine.txt", tmp_path / ".run.lock"
    target.write_text("precious")
    for make in (
        lambda: place.symlink_to(target),
        lambda: place.symlink_to(tmp_path / "new"),
        lambda: place.write_text("mine"),
        lambda: os.mkfifo(place),
        lambda: place.mkdir(),
    ):
        make()
        with pytest.raises(LabeldistError, match=r"\.run\.lock is there"), alone(tmp_path / "run.sqlite"):
            pytest.fail("it was taken for a lock")
        assert target.read_text() == "precious"
        assert not (tmp_path / "new").exists()
        place.rmdir() if place.is_dir() and not place.is_symlink() else place.unlink()
    with alone(tmp_path / "run.sqlite"):
        assert place.read_bytes() == b""


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from labeldist.datasets.locks import lock\n"
        "with lock(Path(sys.argv[1])) as held: print(held, flush=True); sys.stdin.read()"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / ".lock")]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"True\n"
        with lock(tmp_path / ".lock") as held:
            assert not held
        other.kill()
        other.wait()
    with lock(tmp_path / ".lock") as held:
        assert held
