"""Any file of annotations is read as its owner has it, says how it was read, and is never guessed between two."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labeldist.core.errors import InputError, LabeldistError, UsageError
from labeldist.datasets.read_options import ReadOptions
from labeldist.datasets.source import Dataset, open_source

# Three annotators of six items.
GIVEN = {
    str(at): dict(zip("abc", ("yes", "no", "yes") if at % 2 else ("no", "no", "yes"), strict=True)) for at in range(6)
}
TEXT = "This is the text of item {}"


def opened(path: Path, columns: Any = None, *, repeated: str | None = None, **said: Any) -> Dataset:
    read = ReadOptions(columns=columns, **said)
    return open_source(str(path), texts=False, repeated_labels=repeated, read=read)


def votes(dataset: Dataset) -> dict[str, dict[str | None, str]]:
    return {item.id: {one.annotator: one.label for one in item.labels} for item in dataset.items()}


def table(rows: list[list[Any]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()


def long_rows(header: tuple[str, ...] = ("item", "annotator", "label", "text")) -> list[list[Any]]:
    rows = [[id_, who, label, TEXT.format(id_)] for id_, given in GIVEN.items() for who, label in given.items()]
    return [[*header], *rows]


LONG = table(long_rows())
WIDE = table([["id", "text", *"abc"], *([id_, TEXT.format(id_), *given.values()] for id_, given in GIVEN.items())])
READ: dict[str, tuple[str, str | bytes]] = {
    "a row per annotation": ("a.csv", LONG),
    "capitals": ("a.csv", LONG.replace("item,annotator,label", "Item,ANNOTATOR,Label")),
    "crowd-kit's names": ("a.csv", LONG.replace("item,annotator,label", "task,worker,label")),
    "semicolons": ("a.csv", table(long_rows(), ";")),
    "tabs in .csv": ("a.csv", table(long_rows(), "\t")),
    "tabs in .tsv": ("a.tsv", table(long_rows(), "\t")),
    "bars": ("a.txt", table(long_rows(), "|")),
    "a byte-order mark": ("a.csv", b"\xef\xbb\xbf" + LONG.encode()),
    "UTF-16, as Excel saves it": ("a.csv", table(long_rows(), "\t").encode("utf-16")),
    "UTF-16, the other way round": ("a.csv", b"\xfe\xff" + LONG.encode("utf-16-be")),
    "gzip": ("a.csv.gz", gzip.compress(LONG.encode())),
    "gzip under another name": ("a.csv", gzip.compress(LONG.encode())),
    "row labels of pandas": (
        "a.csv",
        table([[("" if at == 0 else at - 1), *row] for at, row in enumerate(long_rows())]),
    ),
    "spaces around labels": ("a.csv", LONG.replace("1,a,yes", "1,a,yes ").replace("2,b,no", "2,b, no")),
    "a column per annotator": ("a.csv", WIDE),
    "numbered annotators": ("a.csv", WIDE.replace("id,text,a,b,c", "id,text,ann1,ann2,ann3")),
    "lists by Python": (
        "a.csv",
        table([["id", "votes", "annotators"], *([id_, str([*g.values()]), str([*g])] for id_, g in GIVEN.items())]),
    ),
    "lists between commas": (
        "a.csv",
        table(
            [["id", "annotations", "annotators"], *([i, ",".join(g.values()), ",".join(g)] for i, g in GIVEN.items())]
        ),
    ),
    "objects by annotator": ("a.json", json.dumps({id_: {"annotations": given} for id_, given in GIVEN.items()})),
    "an array": ("a.json", json.dumps([{"id": id_, "annotations": given} for id_, given in GIVEN.items()], indent=1)),
    "an array around which there is an object": (
        "a.json",
        json.dumps({"data": [{"id": id_, "annotations": given} for id_, given in GIVEN.items()]}),
    ),
    "columns of pandas": (
        "a.json",
        json.dumps(
            {
                name: {str(at): row[number] for at, row in enumerate(long_rows()[1:])}
                for number, name in enumerate(("item", "annotator", "label"))
            }
        ),
    ),
    "lists of who chose each label": (
        "a.jsonl",
        "".join(
            json.dumps(
                {"id": id_}
                | {label: [{"annotator": who} for who, one in given.items() if one == label] for label in ("yes", "no")}
            )
            + "\n"
            for id_, given in GIVEN.items()
        ),
    ),
}


@pytest.mark.parametrize(("name", "content"), READ.values(), ids=READ.keys())
def test_the_same_labels_in_every_way_to_write_them(name: str, content: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    found = opened(path)
    people = {"ann1": "a", "ann2": "b", "ann3": "c"}
    assert {i: {people.get(str(w), w): one for w, one in g.items()} for i, g in votes(found).items()} == GIVEN
    assert found.told.startswith(f"{name}, a row per ")
    assert found.task.label_names == ("no", "yes")


def counts_of(dataset: Dataset) -> list[tuple[int, ...]]:
    return [item.label_counts(("no", "yes")) for item in dataset.items()]


COUNTS = {
    "columns": table([["id", "no", "yes"], ["1", 2, 1], ["2", 0, 3]]),
    "columns beside a text": table([["id", "text", "n_no", "n_yes"], ["1", "A text.", 2, 1], ["2", "Another.", 0, 3]]),
    "an object": table([["id", "votes"], ["1", "{'no': 2, 'yes': 1}"], ["2", '{"no": 0, "yes": 3}']]),
}


@pytest.mark.parametrize("content", COUNTS.values(), ids=COUNTS.keys())
def test_counts(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(content)
    assert counts_of(opened(tmp_path / "a.csv")) == [(2, 1), (0, 3)]


def test_excel(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")
    book = openpyxl.Workbook()
    for row in long_rows():
        book.active.append([int(cell) if str(cell).isdecimal() else cell for cell in row])
    book.save(tmp_path / "a.xlsx")
    assert votes(opened(tmp_path / "a.xlsx")) == GIVEN
    book.active.cell(3, 3).value = __import__("datetime").datetime(2024, 2, 1)
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(InputError, match=r"2024-02-01.*perhaps a date that a spreadsheet made"):
        opened(tmp_path / "a.xlsx")
    book.create_sheet("more").append(["a", "b"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(InputError, match="2 sheets with rows: Sheet, more"):
        opened(tmp_path / "a.xlsx")


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = dict(zip(("item", "annotator", "label", "text"), zip(*long_rows()[1:], strict=True), strict=True))
    parquet.write_table(pyarrow.table({name: [*values] for name, values in columns.items()}), tmp_path / "a.parquet")
    assert votes(opened(tmp_path / "a.parquet")) == GIVEN


NAMED: dict[str, tuple[list[list[Any]], str]] = {
    "other names": (long_rows(("post", "who", "verdict", "text")), "id=post,annotator=who,label=verdict"),
    "no header": (long_rows()[1:], "item,annotator,label,text"),
    "a label among others": (
        [[*row, extra] for row, extra in zip(long_rows(), ["harm", *["lo", "hi"] * 9], strict=True)],
        "label=label",
    ),
    "annotators by name": (
        [["id", "gold", "kim", "lee", "mo"], *([i, "no", *g.values()] for i, g in GIVEN.items())],
        "label=kim+lee+mo",
    ),
}


@pytest.mark.parametrize(("rows", "columns"), NAMED.values(), ids=NAMED.keys())
def test_columns_that_cannot_be_guessed_are_named(rows: list[list[Any]], columns: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(rows))
    people = {"kim": "a", "lee": "b", "mo": "c"}
    found = votes(opened(tmp_path / "a.csv", columns))
    assert {i: {people.get(str(w), w): one for w, one in g.items()} for i, g in found.items()} == GIVEN


def test_groups_and_texts_are_named(tmp_path: Path) -> None:
    rows = [["instance_id", "user_id", "offensiveness", "gender", "text"]]
    rows += [[i, f"u{u}", (i * u) % 3 + 1, "MF"[u % 2], TEXT.format(i)] for i in range(4) for u in range(4)]  # type: ignore[list-item]
    (tmp_path / "a.csv").write_text(table(rows))
    (first, *_) = opened(tmp_path / "a.csv", "group=gender,post=text").items()
    assert [one.annotator for one in first.labels] == ["M/u0", "F/u1", "M/u2", "F/u3"]
    assert first.extra == {"post": TEXT.format(0)}
    (first, *_) = opened(tmp_path / "a.csv").items()
    assert first.extra == {"gender": ["M", "F", "M", "F"], "text": TEXT.format(0)}


def test_ids_of_several_columns_and_none(tmp_path: Path) -> None:
    rows = [
        ["doc", "sentence", "annotator", "label"],
        ["d", "One text here.", "a", "no"],
        ["d", "Two text here.", "a", "yes"],
    ]
    (tmp_path / "a.csv").write_text(table(rows))
    assert [*votes(opened(tmp_path / "a.csv", "id=doc+sentence"))] == ["d/One text here.", "d/Two text here."]
    (tmp_path / "b.csv").write_text(table([["id", "n_no", "n_yes"], ["x", 1, 2], ["x", 3, 0]]))
    with pytest.raises(InputError, match="id 'x' again"):
        votes(opened(tmp_path / "b.csv"))
    assert [*votes(opened(tmp_path / "b.csv", "id=#"))] == ["0", "1"]


def test_no_answer_and_other_spellings(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(LONG.replace("1,a,yes", "1,a,n/a").replace("2,a,no", "2,a,NO WAY"))
    with pytest.raises(InputError, match=r"'n/a' .1 of 18., which reads like no answer"):
        opened(path)
    found = opened(path, missing="n/a", aliases=["NO WAY=no"])
    assert found.task.label_names == ("no", "yes")
    assert votes(found) == {i: {w: one for w, one in g.items() if (i, w) != ("1", "a")} for i, g in GIVEN.items()}
    assert next(item for item in found.items() if item.id == "1").extra["no_label"] == [{"annotator": "a"}]


def changed(old: str, new: str, times: int = -1) -> Callable[[], bytes]:
    return lambda: LONG.replace(old, new, times).encode()


MISTAKES: dict[str, tuple[str, Callable[[], bytes], str, str]] = {
    "misspelt annotator": ("a.csv", changed(",annotator,", ",anotator,"), "anotator", "--columns annotator=anotator"),
    "two label columns": (
        "a.csv",
        lambda: table([[*row, "rating" if at == 0 else "x"] for at, row in enumerate(long_rows())]).encode(),
        "2 columns that may be the label: 'label, rating'",
        "--columns label=label",
    ),
    "no header": (
        "a.csv",
        changed(LONG.splitlines()[0] + "\n", ""),
        "looks like a row",
        "--columns id,annotator,label",
    ),
    "a dash": ("a.csv", changed("1,a,yes", "1,a,-"), "'-'", "--missing"),
    "a date": ("a.csv", changed(",yes,", ",01.Feb,"), "'01.Feb'", "--alias"),
    "a number twice": (
        "a.csv",
        lambda: LONG.replace(",yes,", ",1,").replace(",no,", ",0,").replace("2,a,0", "2,a,0.0").encode(),
        "labels '0' and '0.0'",
        "--alias 0.0=0",
    ),
    "Latin-1": ("a.csv", lambda: LONG.replace("text", "t\u00e9xt").encode("latin-1"), "0xe9", "UTF-8"),
    "UTF-16 without a mark": ("a.csv", lambda: LONG.encode("utf-16-le"), "NUL", "UTF-16"),
    "per cent": ("a.csv", lambda: b"id,yes,no\n1,60%,40%\n2,50%,50%\n", "'60%'", "--evidence"),
    "decimal commas": ("a.csv", lambda: b"id;yes;no\n1;0,6;0,4\n2;0,5;0,5\n", "'0,6'", "--evidence"),
    "below 0": ("a.csv", lambda: b"id,yes,no\n1,-1,4\n2,2,3\n", "'-1'", "--evidence"),
    "an id with two texts": (
        "a.csv",
        changed("1,b,no,This is the text of item 1", "1,b,no,And this is another"),
        "item '1' with 2 texts",
        "--columns id=item+text",
    ),
    "the same person twice": ("a.csv", lambda: (LONG + LONG.splitlines()[1] + "\n").encode(), "2 labels", "--repeated"),
    "a row without an item": ("a.csv", changed("\n1,a", "\n,a"), "without an item", ""),
    "too many cells": ("a.csv", changed("1,a,yes,", "1,a,yes,,"), "5 cells", ""),
    "an open quote": ("a.csv", changed("1,a,yes,", '1,a,yes,"'), "never closed", ""),
    "lists of other lengths": (
        "a.csv",
        lambda: table(
            [["id", "annotators", "annotations"], *([i, "a,b,c" if i != "2" else "a,b", "yes,no,no"] for i in "123")]
        ).encode(),
        "3 labels in 'annotations' of 2 annotators",
        "",
    ),
    "labels in two places": (
        "a.csv",
        lambda: table(
            [["id", "votes", "ann1", "ann2"], *([i, "x#y#x", "no", "yes"] for i in "123"), ["4", "x#y", "no", "no"]]
        ).encode(),
        "labels in 2 places that differ",
        "--columns labels=votes, or --columns label=ann1+ann2",
    ),
    "a gold label": (
        "a.csv",
        lambda: b"pair,text,label\n1,A text,yes\n2,More,no\n",
        "'pair, text, label'",
        "--columns label=label",
    ),
    "one label": ("a.csv", changed(",no,", ",yes,"), "the label 'yes' and no other", "--labels"),
    "prose": (
        "a.csv",
        lambda: table(
            [["id", "annotator", "label"], *([i, "a", f"A long sentence about {i} of them"] for i in range(300))]
        ).encode(),
        "more than 200 different labels",
        "--labels",
    ),
    "no table": ("a.csv", lambda: b"MZ\0\1\2" * 60, "NUL", ""),
    "an old workbook": ("a.xls", lambda: b"\xd0\xcf\x11\xe0" + b"x" * 99, "an old Excel file", ".xlsx"),
    "half a zip file": ("a.zip", lambda: b"PK\x03\x04" + b"x" * 99, "broken zip", ""),
    "NaN in JSON": ("a.jsonl", lambda: b'{"id": "1", "labels": [NaN]}\n', "NaN", ""),
    "CSV called JSONL": ("a.jsonl", LONG.encode, "item,annotator", ""),
    "quotes of Python": ("a.jsonl", lambda: b"{'id': '1', 'labels': ['a']}\n", "'id'", ""),
    "a header alone": ("a.csv", lambda: b"item,annotator,label\n", "a header and no row", ""),
    "nothing": ("a.csv", lambda: b"", "an empty file", ""),
}


@pytest.mark.parametrize(("name", "content", "found", "hint"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_are_named_with_what_mends_them(
    name: str, content: Callable[[], bytes], found: str, hint: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content())
    with pytest.raises(LabeldistError) as caught:
        votes(opened(tmp_path / name))
    assert found in str(caught.value)
    assert hint in str(caught.value.hint or caught.value)


def test_what_was_said_wrongly(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(LONG)
    for columns, found in (
        ("label=verdict", "no column is named 'verdict'"),
        ("label=label,annotator", "'annotator' without what it is"),
        ("item,annotator,label,text", "a header line with just these names"),
        ("a,a,b,c", "column 'a' named twice"),
        ("id=item,id=text", "'id'"),
        ("premise=txt", "no column 'txt'"),
    ):
        with pytest.raises(LabeldistError, match=found):
            votes(opened(path, columns))
    with pytest.raises(UsageError, match="no format is named 'lng'"):
        opened(path, format="lng")
    with pytest.raises(UsageError, match="the data set 'demo'"):
        open_source("demo", read=ReadOptions(columns="id=x"))


RAW: dict[str, tuple[str, str | None, int, int, int]] = {
    # a file as it was published: which columns are named, items, annotators, annotations
    "HS-Brexit": ("lewidi2023/HS-Brexit_dev.json", None, 168, 6, 1008),
    "MD-Agreement": ("lewidi2023/MD-Agreement_train.json.gz", None, 6592, 670, 32960),
    "CSC": ("lewidi2025/CSC_dev.json", None, 704, 850, 3186),
    "MP": ("lewidi2025/MP_dev.json", None, 3005, 506, 15178),
    "Paraphrase": ("lewidi2025/Paraphrase_dev.json", None, 50, 4, 200),
    "VariErrNLI": ("lewidi2025/VariErrNLI_dev.json", None, 50, 4, 187),
    "Circa": ("circa/circa_data_dev.tsv", "labels=judgements", 3427, 0, 17132),
    "OCNLI": ("ocnli/dev.jsonl", None, 3000, 5, 15000),
    "KLUE": ("klue_nli/klue-nli-v1.1_dev.json", "label=author+label2+label3+label4+label5", 3000, 5, 15000),
    "VariErr": ("varierr/varierr.jsonl", "label=entailment+neutral+contradiction", 500, 4, 1933),
    "XNLI": ("xnli/xnli_dev_multilingual_5labels.jsonl.gz", None, 2490, 0, 12450),
    "ChaosNLI": ("chaosnli/chaosNLI_snli.jsonl", "counts=label_counter", 1514, 0, 151400),
}


@pytest.mark.parametrize("name", RAW)
def test_published_files_are_read_as_they_are(name: str, shared_data: Path) -> None:
    file, columns, items, annotators, annotations = RAW[name]
    found = [*opened(shared_data / file, columns, repeated="each").items()]
    people = {one.annotator for item in found for one in item.labels if one.annotator}
    assert len(found) == items
    assert len(people) == annotators
    assert sum(one.times for item in found for one in item.labels) == annotations


def test_published_labels_are_those_of_the_named_readers(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same counts as our readers of these files, which know them, find."""
    pairs = {
        "hs-brexit:dev": ("lewidi2023/HS-Brexit_dev.json", None),
        "lewidi-csc:dev": ("lewidi2025/CSC_dev.json", None),
        "varierr": ("varierr/varierr.jsonl", "label=entailment+neutral+contradiction"),
        "klue-nli": ("klue_nli/klue-nli-v1.1_dev.json", "label=author+label2+label3+label4+label5"),
    }
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    for source, (file, columns) in pairs.items():
        named = [item.votes() for item in open_source(source).items()]
        names = open_source(source).task.label_names
        raw = [item.votes() for item in opened(shared_data / file, columns, repeated="each").items()]
        if not {*raw[0]} <= {*names}:  # digits, where the reader knows names
            assert [sorted(one.values()) for one in raw] == [sorted(one.values()) for one in named], source
        else:
            assert raw == named, source
