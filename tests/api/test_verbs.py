"""The verbs that ask models: in memory as in files, resumed where a store is named, nothing dropped in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labeldist as ld
from labeldist.core.errors import InputError, ModelError, UsageError
from labeldist.core.item import Annotation, Item
from labeldist.datasets.source import open_source
from labeldist.models.base import LanguageModel
from labeldist.models.scripted import Scripted
from labeldist.runs.pipeline import run as run_to_folder
from labeldist.runs.settings import RunSettings
from labeldist.runs.single import judge_to_file

LABELS = ("entailment", "neutral", "contradiction")
TEXTS = [{"id": f"i{at}", "premise": f"It rains {at} times.", "hypothesis": "It is wet."} for at in range(6)]
VOTES = ["e", "n", "n", "c", "e", "n"]
ITEMS: list[dict[str, Any]] = [
    {**row, "labels": [{"annotator": who, "label": VOTES[(at + n) % 6]} for n, who in enumerate("abcd")]}
    for at, row in enumerate(TEXTS)
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "items.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ITEMS))
    return path


def frame() -> Any:
    pyarrow = pytest.importorskip("pyarrow")
    rows = [
        {"id": row["id"], "annotator": each["annotator"], "label": each["label"],
         "premise": row["premise"], "hypothesis": row["hypothesis"]}
        for row in ITEMS for each in row["labels"]
    ]  # fmt: skip
    return pyarrow.Table.from_pylist(rows)


def test_an_estimate_gives_the_point_and_the_prior_asked_for() -> None:
    kinds = [("1", "1", "2"), ("2", "2", "2"), ("2", "3", "4"), ("4", "4", "4")]
    reference = {"1": 0.1, "2": 0.4, "3": 0.3, "4": 0.2}
    items = [
        Item(str(at), {}, tuple(map(Annotation, kinds[at % 4])), reference=reference if at < 9 else None)
        for at in range(80)
    ]
    found = {point: ld.estimate(items, scale="ordinal", point=point) for point in ("mean", "median", "median:2")}
    assert found["mean"].row(0)["prior_used"] == "mixture"
    for point, known in found.items():
        assert known.row(0)["point"] == point
        np.testing.assert_array_equal(known.mean, found["mean"].mean)
        row = ld.evaluate(known, reference=items, metrics=["tvd"], scale="ordinal").rows[0]
        apart = np.abs(known.distribution[:9] - [*reference.values()]).sum(axis=1) / 2
        assert row.metrics["tvd"].value == pytest.approx(apart.mean())
    assert (found["median:2"].distribution * 4 % 1 == 0).all()
    assert np.abs(found["median"].distribution - found["mean"].distribution).max() > 0.01
    assert ld.estimate(items, scale="ordinal", prior="dirichlet").row(0)["prior_used"] == "dirichlet"
    with pytest.raises(UsageError, match="beta"):
        ld.estimate(items, scale="ordinal", prior="beta")
    with pytest.raises(UsageError, match="101 annotators"):
        ld.estimate(items, scale="ordinal", point="median:101")


def test_the_face_is_its_verbs_and_nothing_else() -> None:
    assert dir(ld) == sorted(ld.__all__) == ld.__all__
    assert all(callable(getattr(ld, name)) for name in ld.__all__)


def test_in_memory_as_in_a_file(file: Path, tmp_path: Path) -> None:
    judge_to_file(open_source(str(file)), Scripted(), tmp_path / "mjd.jsonl", explanations="none")
    written = [json.loads(line) for line in (tmp_path / "mjd.jsonl").read_text().splitlines()]
    for source in (file, frame()):
        found = ld.judge(source, "scripted", explanations="none", task="nli")
        assert list(found.rows) == written
        assert found.labels == LABELS
        np.testing.assert_array_equal(found.mean[:, 0], [row["distribution"]["entailment"] for row in written])


def test_what_is_explained_can_be_judged_with_what_a_condition_chooses(file: Path) -> None:
    explained = ld.explain(file, "scripted")
    assert {one.source for item in explained.items for one in item.explanations} == {"scripted"}
    assert explained.to_frame("pyarrow").column_names == ["id", "label", "text", "source"]
    blind = ld.judge(explained, "scripted", explanations="label-free")
    guided = ld.judge(explained, "scripted", explanations="label-guided", leave_one_out=True)
    assert [row["saw_labels"] for row in blind.rows] == [False] * 6
    assert [row["saw_labels"] for row in guided.rows] == [True] * 6
    for row, item in zip(guided.rows, explained.items, strict=True):
        assert [one["label"] for one in row["explanations"]] != []
        assert len(row["explanations"]) == len(item.labels)
        assert row["leave_one_out"].keys() == set(item.votes())


def test_distributions_are_evidence_and_predictions(file: Path) -> None:
    found = ld.judge(file, "scripted", explanations="none")
    known = ld.estimate(file, evidence={"judge": found})
    assert known.evidence == ("judge",)
    np.testing.assert_allclose(known.mean.sum(axis=1), 1)
    seen = ld.judge(ld.explain(file, "scripted"), "scripted", explanations="label-guided")
    with pytest.raises(UsageError, match="saw"):
        ld.estimate(file, evidence={"judge": seen})
    evaluated = ld.evaluate({"judge": found}, reference=file, reference_annotators=2, task="nli")
    assert evaluated.rows[0].name == "judge"


def test_a_store_resumes(file: Path, tmp_path: Path) -> None:
    first = ld.judge(file, "scripted", store=tmp_path / "calls.sqlite")
    again = ld.judge(file, "scripted", store=tmp_path / "calls.sqlite")
    assert first.calls_made == again.calls_reused > 0
    assert again.calls_made == 0
    assert first.rows == again.rows
    with pytest.raises(UsageError, match=r"ends in \.sqlite"):
        ld.judge(file, "scripted", store=tmp_path / "calls.db")


def test_reference_annotators_are_those_of_files(file: Path, tmp_path: Path) -> None:
    """Also of what was explained: its labels may not come back."""
    (tmp_path / "explained").mkdir()
    wanted = [(item.votes(), item.reference) for item in open_source(str(file), reference_annotators="2:7").items()]
    explained = ld.explain(ld.read(file, reference_annotators="2:7", task="nli"), "scripted")
    assert [(item.votes(), item.reference) for item in explained.items] == wanted
    assert [(item.votes(), item.reference) for item in ld.read(explained).items()] == wanted


class Moody(Scripted):
    """Refuses one item."""

    def answer_scores(self, questions: Any, *arguments: Any, **more: Any) -> Any:
        if any("rains 3 times" in str(question) for question in questions):
            raise ModelError("too difficult")
        return super().answer_scores(questions, *arguments, **more)


def test_an_item_that_fails_is_told(file: Path) -> None:
    model: LanguageModel = Moody()
    found = ld.judge(file, model, explanations="none")
    assert found.ids == ("i0", "i1", "i2", "i4", "i5")
    assert found.failures == ({"id": "i3", "stage": "judge", "reason": "too difficult"},)
    assert "1 failed" in repr(found)


def test_labels_alone_cannot_be_judged() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    votes = ld.read(
        pyarrow.table({"id": ["1", "1", "2"], "annotator": ["a", "b", "a"], "label": ["ok", "toxic", "ok"]})
    )
    with pytest.raises(
        UsageError,
        match=r"labels alone \(ok, toxic\)[\s\S]*task=",
    ):
        ld.judge(votes, "scripted")
    with pytest.raises(UsageError, match="task="):
        ld.judge(frame(), "scripted", labels=["e", "n"])


def test_texts_that_are_missing_are_named() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    with pytest.raises(InputError, match="premise"):
        ld.judge(pyarrow.table({"id": ["1"], "annotator": ["a"], "label": ["e"]}), "scripted", task="nli")


def test_a_run_in_memory_as_in_a_folder(file: Path, tmp_path: Path) -> None:
    run_to_folder(RunSettings(str(file), model="scripted"), tmp_path / "cli")
    kept = ld.run(file, model="scripted", out=tmp_path / "out")
    loose = ld.run(frame(), model="scripted", task="nli")
    assert loose.folder is None
    for name in ("posterior.jsonl", "mjd.none.jsonl", "mjd.label-guided.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "cli" / name).read_bytes()
    written = [json.loads(line) for line in (tmp_path / "cli" / "posterior.jsonl").read_text().splitlines()]
    for found in (kept, loose):
        assert found.posterior is not None
        assert list(found.posterior.rows) == written
        assert list(found.judged) == ["none", "label-free", "label-guided"]
    assert loose.to_frame().num_rows == 6
    assert "distribution.neutral" in loose.to_frame().column_names
    again = ld.run(file, model="scripted", out=tmp_path / "out")
    assert again.calls_made == 0


def test_a_folder_of_a_run_takes_no_other_frame(tmp_path: Path) -> None:
    ld.run(frame(), model="scripted", task="nli", out=tmp_path / "out")
    assert ld.run(frame(), model="scripted", task="nli", out=tmp_path / "out").calls_made == 0
    with pytest.raises(UsageError, match="other settings: source was"):
        ld.run(frame().slice(4), model="scripted", task="nli", out=tmp_path / "out")


def test_a_description_counts(file: Path) -> None:
    found = ld.describe(file)
    assert (found.items, found.annotators, dict(found.labels_per_item)) == (6, 4, {4: 6})
    assert dict(found.label_counts) == {"entailment": 8, "neutral": 12, "contradiction": 4}
    assert found.to_frame("pyarrow")["share"].to_pylist() == pytest.approx([1 / 3, 1 / 2, 1 / 6])


def test_a_plan_shows_itself(file: Path) -> None:
    found = ld.plan(file, target=0.05)
    assert len(repr(found)) < 300
    page = found._repr_html_()
    assert page.index("<svg") < page.index("<table>")
    frame = found.to_frame("pyarrow")
    assert frame.num_rows == len(found.predicted)
    assert frame["kl"].to_pylist() == [one.kl for one in found.predicted]
    assert repr(ld.read(file)).startswith("Dataset(items.jsonl: labels entailment, neutral, contradiction")


@pytest.mark.parametrize("verb", ["describe", "judge", "explain", "run"])
def test_results_show_themselves_escaped(verb: str, tmp_path: Path) -> None:
    row = {**ITEMS[0], "id": "<script>\x1b[31m", "premise": "<b>It rains.</b>"}
    (tmp_path / "items.jsonl").write_text(json.dumps(row))
    how: dict[str, Any] = {} if verb == "describe" else {"model": "scripted"}
    found = getattr(ld, verb)(tmp_path / "items.jsonl", **how)
    assert len(repr(found)) < 400
    page = found._repr_html_()
    assert "<table>" in page
    assert ("<svg" in page) == (verb != "explain")
    assert "<script>" not in page and "<b>" not in page and "\x1b" not in page  # noqa: PT018
