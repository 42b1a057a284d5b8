"""Files whose first rows mislead: nothing in them is read wrongly, or left out, without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labeldist.core.errors import LabeldistError
from labeldist.datasets.read_options import ReadOptions
from labeldist.datasets.source import Dataset, open_source

Rows = list[list[Any]]


def opened(path: Path, rows: Rows, columns: str | None = None, **said: Any) -> Dataset:
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    repeated = said.pop("repeated", None)
    return open_source(str(path), texts=False, repeated_labels=repeated, read=ReadOptions(columns=columns, **said))


def people(dataset: Dataset) -> set[str | None]:
    return {one.annotator for item in dataset.items() for one in item.labels}


def late(names: list[str]) -> Rows:
    """The last annotator labels nothing in the first 1,000 rows, by which a shape is known."""
    return [["id", *names], *([at, "ab"[at % 2], "ab"[at % 3 == 0], "a" if at > 1100 else ""] for at in range(1200))]


def test_an_annotator_who_comes_late_is_not_lost(tmp_path: Path) -> None:
    assert people(opened(tmp_path / "a.csv", late(["ann1", "ann2", "ann3"]))) == {"ann1", "ann2", "ann3"}
    rows = late(["kim", "lee", "eve"])
    with pytest.raises(LabeldistError, match=r"(?s)'a' in a column that is empty in the first rows.*label=kim.lee.eve"):
        people(opened(tmp_path / "a.csv", rows))
    assert people(opened(tmp_path / "a.csv", rows, "label=kim+lee+eve")) == {"kim", "lee", "eve"}
    assert people(opened(tmp_path / "a.csv", rows, "label=kim+lee")) == {"kim", "lee"}


def test_every_annotator_of_numbers_counts_also_one_below_0(tmp_path: Path) -> None:
    rows = [["id", "text", "kim", "lee"], *([at, f"Text {at}", at % 2, (at % 3) - 1] for at in range(30))]
    assert people(opened(tmp_path / "a.csv", rows, format="wide")) == {"kim", "lee"}
    told = opened(tmp_path / "a.csv", rows).told
    assert "without labels; if they are in 'kim' or 'lee': --columns label=kim" in told


NO_ANNOTATORS = {
    "what is known of items": ["author_gender", "topic_gender"],
    "parts of a data set": ["in_train", "in_test"],
    "numbers of something else": ["n_words", "n_chars"],
    "numbers of annotators": ["identity_annotator_count", "toxicity_annotator_count"],
}


@pytest.mark.parametrize("names", NO_ANNOTATORS.values(), ids=NO_ANNOTATORS.keys())
def test_what_is_no_label_is_not_taken_for_one(names: list[str], tmp_path: Path) -> None:
    rows = [["id", "text", *names], *([at, f"Text {at}", at % 2 + 1, at % 3 + 1] for at in range(30))]
    found = opened(tmp_path / "a.csv", rows)
    assert not any(item.labels for item in found.items())
    assert f"rows without labels; if they are in {names[0]!r} or {names[1]!r}" in found.told
