"""What a report says in words, on data that lack something."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.reporting.conftest import LABELS, Rows, write
from tests.reporting.test_gather import view_of

from labeldist.core.errors import InputError, UsageError
from labeldist.datasets.source import open_source
from labeldist.reporting.gather import gather
from labeldist.reporting.results import read_results
from labeldist.reports.page.render import render_page
from labeldist.runs.posterior import estimate_to_file

EVEN = {"distribution": dict.fromkeys(LABELS, 1 / 3)}


def without(rows: Rows, *names: str) -> Rows:
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


def test_why_nothing_was_evaluated_is_said(rows: Rows, tmp_path: Path) -> None:
    """A posterior of all labels saw those that are held out as the reference here."""
    source = write(tmp_path / "bare.jsonl", without(rows, "reference"))
    counts = dict.fromkeys(LABELS, 1)
    said = write(
        tmp_path / "post.jsonl", [{"id": row["id"], **EVEN, "label_counts": counts, "saw_labels": True} for row in rows]
    )
    dataset = open_source(str(source), texts=False, reference_annotators="1")
    view = gather(read_results([f"post={said}"], with_source=True), dataset, bootstrap=0)
    assert view["evaluation"] is None
    assert view["facts"]["with_reference"] == 60
    [told] = [one for one in view["warnings"] if one.startswith("Not evaluated: ")]
    assert "post" in told
    page = render_page(view)
    assert "nothing was measured against them" in page
    assert "No item has a reference" not in page


def test_evidence_without_labels_is_shown(rows: Rows, tmp_path: Path) -> None:
    bare = [{**row, "evidence": {"llm": EVEN}} for row in without(rows, "labels")]
    view = view_of(write(tmp_path / "unlabelled.jsonl", bare))
    assert [(one["key"], one["kind"]) for one in view["sets"]] == [("llm", "model"), ("reference", "reference")]
    assert view["about"][0] == "60 items of unlabelled.jsonl, with no labels, and what llm said of them."
    render_page(view)


def test_items_with_nothing_are_refused(rows: Rows, tmp_path: Path) -> None:
    source = write(tmp_path / "nothing.jsonl", without(rows, "labels"))
    with pytest.raises(InputError, match="found no label on any of 60 items"):
        view_of(source)


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([{"annotator": "a", "label": "neutral"}], "1 item of few.jsonl, with 1 label of 1 annotator."),
        ({"neutral": 3, "entailment": 1, "contradiction": 0}, "1 item of few.jsonl, with 4 labels."),
    ],
)
def test_numbers_and_nouns_agree(labels: object, told: str, tmp_path: Path, rows: Rows) -> None:
    row = {"id": "1", "fields": rows[0]["fields"], "labels": labels}
    source = write(tmp_path / "few.jsonl", [row])
    view = gather(read_results([str(source)], with_source=False), open_source(str(source), task="nli"), bootstrap=0)
    assert view["about"][0] == told


def test_medians_are_not_told_to_have_the_error_of_means(made: Path, tmp_path: Path) -> None:
    dataset = open_source(str(made / "items.jsonl"), texts=False)
    told = []
    for point in ("mean", "median"):
        estimate_to_file(dataset, tmp_path / f"{point}.jsonl", point=point)
        told.append([one for one in view_of(tmp_path / f"{point}.jsonl")["warnings"] if "posterior means" in one])
    assert [len(one) for one in told] == [0, 1]


def test_items_to_show_are_a_number_or_names(made: Path) -> None:
    with pytest.raises(UsageError, match=r"1\.5 as items to show"):
        view_of(made / "posterior.jsonl", items=1.5)  # type: ignore[arg-type]


def test_one_vote_is_no_votes(rows: Rows, tmp_path: Path) -> None:
    source = write(tmp_path / "bare.jsonl", without(rows, "reference"))
    dataset = open_source(str(source), texts=False, reference_annotators="1")
    view = gather(read_results([str(source)], with_source=False), dataset, bootstrap=0)
    assert view["calibration"] is not None
    words = " ".join(view["calibration"]["in_words"])
    assert "rest on 1 vote." in words
    assert "References of 1 vote are rough" in words
