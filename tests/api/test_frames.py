"""Frames in, frames out: the shapes of crowd-kit and cleanlab, and what is never guessed."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labeldist as ld
from labeldist.core.errors import InputError, UsageError
from labeldist.core.frames import KINDS, frame_of

LONG = {
    "task": ["t1", "t1", "t1", "t2", "t2", "t3", "t3"],
    "worker": ["w1", "w2", "w3", "w1", "w2", "w1", "w3"],
    "label": ["toxic", "ok", "ok", "ok", "ok", "toxic", "ok"],
}
# The same labels with a column for each annotator, and as counts.
WIDE = {"id": ["t1", "t2", "t3"], "w1": ["toxic", "ok", "toxic"], "w2": ["ok", "ok", None], "w3": ["ok", None, "ok"]}
COUNTS = {"id": ["t1", "t2", "t3"], "ok": [2, 2, 1], "toxic": [1, 0, 1]}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    return str(request.param)


def made(kind: str, columns: dict[str, Any]) -> Any:
    library = importlib.import_module(kind)
    return library.table(columns) if kind == "pyarrow" else library.DataFrame(columns)


@pytest.mark.parametrize("columns", [LONG, WIDE, COUNTS], ids=["long", "wide", "counts"])
def test_each_shape_has_the_same_labels(kind: str, columns: dict[str, Any]) -> None:
    votes = ld.read(made(kind, columns))
    assert votes.task.label_names == ("ok", "toxic")
    found = {item.id: item.label_counts(("ok", "toxic")) for item in votes.items()}
    assert found == {"t1": (2, 1), "t2": (2, 0), "t3": (1, 1)}


def test_a_posterior_is_a_frame_of_the_kind_that_came_in(kind: str) -> None:
    known = ld.estimate(made(kind, LONG))
    frame = known.to_frame()
    assert type(frame).__module__.split(".")[0] == kind
    table = {name: [*map(float, frame[name].to_pylist() if kind == "pyarrow" else frame[name])] for name in
             ("distribution.ok", "interval.low.ok", "interval.high.ok")}  # fmt: skip
    np.testing.assert_allclose(table["distribution.ok"], known.mean[:, 0])
    assert all(low <= mean <= high for mean, low, high in zip(*table.values(), strict=True))


def test_long_and_wide_keep_annotators() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    by_item = []
    for columns in (LONG, WIDE):
        items = ld.read(pyarrow.table(columns)).items()
        by_item.append({item.id: {one.annotator: one.label for one in item.labels} for item in items})
    assert by_item[0] == by_item[1]


def test_an_array_is_items_by_annotators() -> None:
    """cleanlab's: whole numbers, and NaN where nobody labelled."""
    votes = ld.read(np.array([[0, 1, np.nan], [1, 1, 0], [np.nan, 0, 0]]))
    assert [item.label_counts(("0", "1")) for item in votes.items()] == [(1, 1), (1, 2), (2, 0)]


def test_numbers_that_may_be_labels_or_counts_are_not_guessed(kind: str) -> None:
    frame = made(kind, {"id": ["1", "2"], "0": [1, 0], "1": [3, 4]})
    with pytest.raises(UsageError, match="labels of annotators, or counts"):
        ld.read(frame)
    assert ld.read(frame, format="counts").task.label_names == ("0", "1")
    assert ld.read(frame, format="wide").task.label_names == ("0", "1", "3", "4")


def test_columns_of_other_names_are_named(kind: str) -> None:
    frame = made(kind, {"post": ["a", "a"], "who": ["x", "y"], "verdict": ["bad", "good"]})
    roles = {"id": "post", "annotator": "who", "label": "verdict"}
    assert ld.read(frame, columns=roles).told.startswith("the frame, a row per annotation: item 'post'")
    with pytest.raises(UsageError, match="column"):
        ld.read(frame, columns={"id": "posts"})


def test_a_table_without_labels_is_refused(kind: str) -> None:
    with pytest.raises(InputError, match="a row per annotation"):
        ld.read(made(kind, {"x": [1.5, 2.5]}))


def test_evidence_as_frame_array_and_mapping_is_the_same() -> None:
    shares = {"t1": {"ok": 0.7, "toxic": 0.3}, "t2": {"ok": 0.9, "toxic": 0.1}, "t3": {"ok": 0.4, "toxic": 0.6}}
    array = np.array([[row["ok"], row["toxic"]] for row in shares.values()])
    frame = frame_of({"id": [*shares], "ok": array[:, 0].tolist(), "toxic": array[:, 1].tolist()}, "pyarrow")
    votes = ld.read(frame_of(LONG, "pyarrow"))
    means = [ld.estimate(votes, {"llm": given}, saw_labels=False).mean for given in (shares, array, frame)]
    np.testing.assert_array_equal(means[0], means[1])
    np.testing.assert_array_equal(means[0], means[2])
    with pytest.raises(UsageError, match="may have used these labels"):
        ld.estimate(votes, {"llm": array})
    with pytest.raises(UsageError, match="shape"):
        ld.estimate(votes, {"llm": array[:, :1]}, saw_labels=False)


def test_an_estimate_is_evaluated_and_shows_itself() -> None:
    columns = {"id": ["<b>1", "2", "3"], "ok": [6, 3, 9], "toxic": [4, 7, 1]}
    votes = ld.read(frame_of(columns, "pyarrow"))
    known = ld.estimate(votes)
    assert math.isnan(known.saves)
    assert "&lt;b&gt;1" in known._repr_html_()
    assert "<b>" not in known._repr_html_()
    assert repr(known).startswith("Estimate(3 items, labels ok, toxic; no evidence")
    shares = {item.id: item.votes() for item in votes.items()}
    items = [ld_item(id_, dict(counts)) for id_, counts in shares.items()]
    found = ld.evaluate({"posterior": known}, reference=items, metrics=["tvd"], bootstrap=10)
    reference = {id_: counts["ok"] / counts.total() for id_, counts in shares.items()}
    expected = np.mean([abs(reference[id_] - known.mean[at, 0]) for at, id_ in enumerate(known.ids)])
    assert found.to_frame("pyarrow").column("tvd").to_pylist()[0] == pytest.approx(expected)
    assert "<table>" in found._repr_html_()


def ld_item(id_: str, reference: dict[str, int]) -> Any:
    from labeldist.core.item import Item

    return Item(id_, {}, (), reference=reference)


def test_a_file_of_annotations_is_grouped(tmp_path: Path) -> None:
    file = tmp_path / "annotations.csv"
    rows = ["item,rater,rating,age,text", "1,a,3,30,Hi.", "1,b,4,41,Hi.", "2,a,10,30,Ho."]
    file.write_text("\n".join(rows))
    votes = ld.read(file)
    assert votes.task.label_names == ("3", "4", "10")  # numbers by value
    assert "a row per annotation: item 'item', label 'rating', annotator 'rater'" in votes.told
    first = next(votes.items())
    assert [(one.annotator, one.label) for one in first.labels] == [("a", "3"), ("b", "4")]
    assert first.extra == {"age": ["30", "41"], "text": "Hi."}


def test_the_face_is_what_it_says() -> None:
    assert dir(ld) == sorted(ld.__all__)
    assert all(callable(getattr(ld, name)) for name in dir(ld))
    with pytest.raises(AttributeError, match="no attribute 'estimat'"):
        ld.estimat  # type: ignore[attr-defined]  # noqa: B018


MINE = {
    "tweet_id": [9001, 9001, 9002, 9002, 9003, 9003, 9004, 9004],
    "year": [2020, 2020, 2021, 2021, 2020, 2020, 2021, 2021],
    "rater": ["kim", "lee", "kim", "mo", "lee", "mo", "kim", "lee"],
    "verdict": ["spam", "ham", "ham", "ham", "spam", "spam", "ham", "spam"],
}
NAMED = {"id": "tweet_id", "label": "verdict"}


def votes_by_item(source: Any, **how: Any) -> dict[str, dict[str, int]]:
    return {item.id: dict(item.votes()) for item in ld.read(source, **how).items()}


@pytest.mark.parametrize("way", ["filtered", "sorted", "shuffled"])
@pytest.mark.parametrize("columns", [None, NAMED], ids=["known", "named"])
def test_row_labels_that_pandas_leaves_behind_are_no_items(way: str, columns: dict[str, str] | None) -> None:
    pandas = pytest.importorskip("pandas")
    names = {"tweet_id": "item", "verdict": "label"} if columns is None else {}
    whole = pandas.DataFrame(MINE).rename(columns=names)
    frame = {"filtered": whole[whole.rater != "mo"], "sorted": whole.sort_values(list(whole)[3]),
             "shuffled": whole.sample(frac=1, random_state=0)}[way]  # fmt: skip
    assert votes_by_item(frame, columns=columns) == votes_by_item(frame.reset_index(drop=True), columns=columns)
    assert {*votes_by_item(frame, columns=columns)} == {"9001", "9002", "9003", "9004"}
    assert "'item'" in ld.read(frame, columns=columns).told or columns


def test_items_of_a_wide_frame_keep_their_names() -> None:
    """As a column with a name of its own, as a named index, and as one without a name."""
    pandas = pytest.importorskip("pandas")
    wide = pandas.DataFrame(MINE).pivot(index="tweet_id", columns="rater", values="verdict")
    wide.columns.name = None
    wanted = {"9001": {"spam": 1, "ham": 1}, "9002": {"ham": 2}, "9003": {"spam": 2}, "9004": {"ham": 1, "spam": 1}}
    bare = wide.copy()
    bare.index.name = None
    for frame in (wide, wide.reset_index(), wide.reset_index().sample(frac=1, random_state=1), bare):
        assert votes_by_item(frame) == wanted
    assert "'tweet_id'" in ld.read(wide).told
    model = pandas.DataFrame(
        {"tweet_id": [9004, 9001, 9002, 9003], "ham": [0.5, 0.5, 0.9, 0.1], "spam": [0.5, 0.5, 0.1, 0.9]}
    )
    known = ld.estimate(wide.reset_index(), evidence={"model": model}, saw_labels=False)
    by_id = dict(zip(known.ids, known.mean[:, known.labels.index("ham")], strict=True))
    assert by_id["9002"] > by_id["9001"] > by_id["9003"]


def test_numbers_beside_annotations_are_no_counts(kind: str) -> None:
    frame = made(kind, dict(zip(["tweet", "year", "who", "verdict"], MINE.values(), strict=True)))
    with pytest.raises(InputError, match="say which column is what"):
        ld.estimate(frame)


def test_the_label_is_what_varies_in_items_and_annotators(kind: str) -> None:
    assert "item 'tweet_id', label 'verdict', annotator 'rater'" in ld.read(made(kind, MINE)).told
    two = MINE | {"harm": ["lo", "hi", "lo", "lo", "hi", "lo", "hi", "lo"]}
    with pytest.raises(UsageError, match="2 columns that may be the label: 'verdict, harm'") as caught:
        ld.read(made(kind, two))
    assert "--columns label=verdict" in caught.value.hint


def test_evidence_of_items_that_were_skipped_is_skipped_too() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    rows = {"item": ["1", "1", "1", "2", "3", "3", "3"], "rater": [*"abcaabc"], "label": [*"xyxxyyx"]}
    model = pyarrow.table({"id": ["1", "2", "3"], "x": [0.6, 0.5, 0.4], "y": [0.4, 0.5, 0.6]})
    how: dict[str, Any] = {"reference_annotators": 1, "on_error": "skip"}
    known = ld.estimate(pyarrow.table(rows), {"model": model}, saw_labels=False, **how)
    assert known.ids == ("1", "3")
