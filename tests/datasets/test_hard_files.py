"""Files whose first rows mislead: nothing in them is read wrongly, or left out, without a word."""

from __future__ import annotations

import json
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
    rows: Rows = [["id", "text", "kim", "lee"], *([at, f"Text {at}", at % 2, (at % 3) - 1] for at in range(30))]
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
    rows: Rows = [["id", "text", *names], *([at, f"Text {at}", at % 2 + 1, at % 3 + 1] for at in range(30))]
    found = opened(tmp_path / "a.csv", rows)
    assert not any(item.labels for item in found.items())
    assert f"rows without labels; if they are in {names[0]!r} or {names[1]!r}" in found.told


PEOPLE = ["u7", "u8", "u9"]
SAID = {
    str(at): dict(zip(PEOPLE, ["yes", "no", "yes"] if at % 2 else ["no", "no", "yes"], strict=True)) for at in range(8)
}


def votes(dataset: Dataset) -> dict[str, dict[str | None, str]]:
    return {item.id: {one.annotator: one.label for one in item.labels} for item in dataset.items()}


def test_columns_of_labels_beside_columns_of_annotators(tmp_path: Path) -> None:
    names = [["id", "Score1", "Score2", "Score3", "TurkId1", "TurkId2", "TurkId3"], ["id", *"abc", *"xyz"]]
    body = [[at, *given.values(), *given] for at, given in SAID.items()]
    assert votes(opened(tmp_path / "a.csv", [names[0], *body])) == SAID
    assert votes(opened(tmp_path / "a.csv", [names[1], *body], "label=a+b+c,annotator=x+y+z")) == SAID
    with pytest.raises(LabeldistError, match="3 columns of labels and 2 of annotators"):
        opened(tmp_path / "a.csv", [names[1], *body], "label=a+b+c,annotator=x+y")


def test_a_column_per_label_in_a_row_per_annotation(tmp_path: Path) -> None:
    rows: Rows = [["item", "worker", "yes", "no"]]
    rows += [[at, who, int(one == "yes"), int(one == "no")] for at, given in SAID.items() for who, one in given.items()]
    with pytest.raises(LabeldistError, match=r"(?s)2 columns that may be the label.*--columns label=yes\+no"):
        opened(tmp_path / "a.csv", rows)
    assert votes(opened(tmp_path / "a.csv", rows, "label=yes+no")) == SAID
    found = [
        *opened(tmp_path / "a.csv", [*rows, [0, "u6", 0, 0], [0, "u5", 1, 1]], "label=yes+no", repeated="each").items()
    ]
    assert [one.label for one in found[0].labels if one.annotator == "u5"] == ["yes", "no"]
    assert found[0].extra["no_label"] == [{"annotator": "u6"}]
    with pytest.raises(LabeldistError, match="more than 1 and 0 in 'no'"):
        opened(tmp_path / "a.csv", [*rows, [0, "u6", 0, 2]], "label=yes+no")


def entries(**more: Any) -> str:
    rows = [
        {"id": at, "ratings": [{"who": who, "harm": one, **more} for who, one in given.items()]}
        for at, given in SAID.items()
    ]
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_annotations_that_are_objects_in_a_list(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for content, columns in (
        (entries().replace("who", "user"), None),
        (entries().replace("who", "annotator_id").replace("harm", "label").replace("ratings", "annotators"), None),
        (entries(age=30), "label=ratings.harm,annotator=ratings.who"),
    ):
        path.write_text(content)
        assert votes(open_source(str(path), texts=False, read=ReadOptions(columns=columns))) == SAID
    path.write_text(entries(sex="f"))
    read = ReadOptions(columns="label=ratings.harm,annotator=ratings.who,group=ratings.sex")
    assert people(open_source(str(path), texts=False, read=read)) == {"f/u7", "f/u8", "f/u9"}
    for columns, found in (("label=ratings.ham", "'ham'"), ("label=id.harm", "'id.harm' as the label")):
        with pytest.raises(LabeldistError, match=found):
            open_source(str(path), texts=False, read=ReadOptions(columns=columns))
    path.write_text(entries(age=30).replace('"age": 30', '"age": 31', 3).replace("who", "user"))
    with pytest.raises(LabeldistError, match=r"(?s)2 keys that may be their label: 'harm, age'.*label=ratings.harm"):
        open_source(str(path), texts=False)


def test_an_id_is_no_object_and_not_the_same_on_all_rows(tmp_path: Path) -> None:
    rows = [
        {
            "task": "nli",
            "example": {"uid": f"u{at}"},
            "uid": f"u{at}",
            "votes": {"yes": 1 + at % 2, "no": 2},
            "text": "Hi.",
        }
        for at in range(6)
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = open_source(str(tmp_path / "a.jsonl"), texts=False)
    assert [item.id for item in found.items()] == [f"u{at}" for at in range(6)]


def test_columns_beside_annotators_are_not_taken_for_them(tmp_path: Path) -> None:
    header = ["id", "author", "begun_at", "ended_at", "kim", "lee"]
    rows: Rows = [header, *([at, f"a{at}", "1/1/2024", "1/1/2024", "yn"[at % 2], "yn"[at % 3 == 0]] for at in range(9))]
    assert people(opened(tmp_path / "a.csv", rows)) == {"kim", "lee"}
    joys: list[Any] = ["joy", *[0, '"[0, 1]"'] * 5]
    rows = [[*row, extra] for row, extra in zip(rows, joys, strict=False)]
    assert people(opened(tmp_path / "a.csv", rows)) == {"kim", "lee"}


def annotated(names: str, *extra: Any) -> Rows:
    rows = [[at, f"This is text {at}", who, one] for at, given in SAID.items() for who, one in given.items()]
    return [names.split(","), *([number, *row, *extra] for number, row in enumerate(rows))]


def test_a_number_of_the_row_is_not_the_item(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for names, mended in (("id,nr,text,worker,label", "text"), ("id,post_id,text,worker,label", "post_id")):
        with pytest.raises(
            LabeldistError, match=rf"(?s)'id' is another on each row; values of '{mended}'.*id={mended}"
        ):
            opened(path, annotated(names))
    assert votes(opened(path, annotated("id,post_id,text,worker,label"), "id=post_id")) == SAID
    assert len(votes(opened(path, annotated("id,post_id,text,worker,label"), "id=id"))) == 24
    with pytest.raises(LabeldistError, match=r"(?s)nothing names the item; values of 'text'.*id=text"):
        opened(path, annotated("row,nr,text,worker,label"), "label=label")
    with pytest.raises(LabeldistError, match=r"(?s)nothing names the item; values of 'text'.*id=text"):
        opened(path, annotated("row,nr,text,by,label"), "label=label")


HINTS = {
    "a capital is no slip": ("row,Nr,Text,Annotator,Urteil", "annotators are in 'Annotator'.*id=Text,label=..."),
    "no id": ("row,nr,text,by,label", "'label' has labels; say what the item is: --columns id=text,label=label"),
    "an annotator of a HIT": ("row,HITId,text,WorkerId,harm", "annotators are in 'WorkerId'"),
}


@pytest.mark.parametrize(("names", "hint"), HINTS.values(), ids=HINTS.keys())
def test_what_was_found_is_in_the_hint(names: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(LabeldistError, match=hint):
        opened(tmp_path / "a.csv", annotated(names))


def test_columns_beside_the_one_who_labelled_are_no_annotators(tmp_path: Path) -> None:
    rows: Rows = [["pair", "model_a", "model_b", "judge", "winner"]]
    rows += [[at, "gpt", ("gpt", "llama")[at % 2], f"j{at % 3}", ("a", "b")[at % 2]] for at in range(9)]
    with pytest.raises(LabeldistError, match="a table with the columns"):
        opened(tmp_path / "a.csv", rows)
    assert people(opened(tmp_path / "a.csv", rows, "id=pair,annotator=judge,label=winner")) == {"j0", "j1", "j2"}


def test_rows_that_are_people(tmp_path: Path) -> None:
    rows: Rows = [
        ["participant", "item_1", "item_2", "item_3"],
        *([f"p{at}", *("yn"[at % k] for k in (1, 2, 2))] for at in range(6)),
    ]
    with pytest.raises(LabeldistError, match=r"(?s)a row per annotator \('participant'\).*melt"):
        opened(tmp_path / "a.csv", rows)


def test_cells_between_spaces_and_rows_without_a_header(tmp_path: Path) -> None:
    rows: Rows = [[at, who, one] for at, given in SAID.items() for who, one in given.items()]
    (tmp_path / "a.txt").write_text("".join(" ".join(row) + "\n" for row in rows))
    read = ReadOptions(columns="id,annotator,label")
    assert votes(open_source(str(tmp_path / "a.txt"), texts=False, read=read)) == SAID
    with pytest.raises(LabeldistError, match=r"(?s)two columns named '3'.*no header but a row.*--columns id,annotator"):
        opened(tmp_path / "b.csv", [[3, 3, 1], [3, 4, 2]])


def test_an_annotator_whose_label_nobody_else_gave(tmp_path: Path) -> None:
    header = ["id", "11", "12", "13"]
    rows: Rows = [header, *([at, "yn"[at % 2], "yn"[at % 3 == 0], "m" if at < 2 else ""] for at in range(9))]
    assert people(opened(tmp_path / "a.csv", rows)) == {"11", "12", "13"}


def test_one_id_of_several_items_with_short_texts_is_refused_with_what_tells_them_apart(tmp_path: Path) -> None:
    rows: Rows = [["doc_id", "token", "annotator", "label"]]
    rows += [[f"d{int(at) // 4}", f"word{at}", who, one] for at, given in SAID.items() for who, one in given.items()]
    with pytest.raises(LabeldistError, match=r"(?s)4 labels of item 'd0'.*--columns id=a\+b"):
        votes(opened(tmp_path / "a.csv", rows))
    assert len(votes(opened(tmp_path / "a.csv", rows, "id=doc_id+token,label=label"))) == 8
