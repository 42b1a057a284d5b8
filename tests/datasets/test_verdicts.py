"""The sheet of human verdicts: sheets made here, and the published one."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from labeldist.core.errors import InputError, MissingExtraError, UsageError
from labeldist.datasets.catalog import Folders
from labeldist.datasets.source import open_source
from labeldist.datasets.verdicts import PROFILE, SOURCE, Verdict, matched, read_verdicts, verdicts_file
from labeldist.explanations.generate import parsed_explanations

openpyxl = pytest.importorskip("openpyxl")
TITLES = [
    *("ID", "Context/Premise", "Statement/Hypothesis", "LLM-Label", "LLM-Explanation"),
    *("Q1-faithful?", "Q2-relevant?", "Q3-label?"),
]
GOOD: list[Any] = [0, "It rains.", "It is wet.", "Neutral-1", "It may.", "y", "y", "N"]


def sheet(folder: Path, *rows: list[Any], titles: list[Any] | None = None) -> Path:
    book = openpyxl.Workbook()
    for row in (titles or TITLES, *rows):
        book.active.append(row)
    file = folder / "verdicts.xlsx"
    book.save(file)
    return file


def with_cells(**cells: Any) -> list[Any]:
    names = ["id", "premise", "hypothesis", "name", "text", "q1", "q2", "q3"]
    return [cells.get(name, value) for name, value in zip(names, GOOD, strict=True)]


def test_a_row_becomes_a_verdict_and_blank_rows_none(tmp_path: Path) -> None:
    rows = [
        [None] * 8,
        GOOD,
        with_cells(id=12, name="NotEntailment-3", q1="n", q2="-", q3="-"),
        with_cells(q1="Y", q2="N", q3="c"),
        with_cells(q1=None, q2=None, q3=None),
    ]
    assert read_verdicts(sheet(tmp_path, *rows)) == [
        Verdict("mjd-000", "neutral", 1, "It may.", True, True, "neutral", False, 3),
        Verdict("mjd-012", "entailment", 3, "It may.", False, None, None, True, 4),
        Verdict("mjd-000", "neutral", 1, "It may.", True, False, "contradiction", False, 5),
        Verdict("mjd-000", "neutral", 1, "It may.", None, None, None, False, 6),
    ]


def test_preferred_is_faithful_and_relevant() -> None:
    kinds = {
        (True, True, "neutral"): (True, True),
        (True, True, "contradiction"): (True, False),
        (True, False, None): (False, False),
        (False, None, None): (False, False),
        (None, False, None): (False, False),
        (True, None, None): (None, None),
        (None, None, None): (None, None),
    }
    for (faithful, relevant, label), wanted in kinds.items():
        verdict = Verdict("mjd-000", "neutral", 1, "", faithful, relevant, label, False, 2)
        assert (verdict.preferred, verdict.confirmed) == wanted


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"id": "x"}, "line 2, field 'ID': found 'x', expected the number of an item"),
        ({"id": -1}, "field 'ID'"),
        ({"id": 1.5}, "field 'ID'"),
        ({"name": "Perhaps-1"}, "field 'LLM-Label': found 'Perhaps-1', expected one of Entailment"),
        ({"name": "Neutral"}, "field 'LLM-Label'"),
        ({"name": "Neutral-0"}, "field 'LLM-Label'"),
        ({"name": None}, "field 'LLM-Label'"),
        ({"text": " "}, "field 'LLM-Explanation'"),
        ({"text": 7}, "field 'LLM-Explanation'"),
        ({"q1": "maybe"}, "field 'Q1': found 'maybe', expected one of: y, n, -"),
        ({"q2": 1}, "field 'Q2'"),
        ({"q3": "X"}, "field 'Q3': found 'X', expected one of: E, N, C, -"),
    ],
)
def test_a_cell_that_cannot_be_is_named_with_its_place(cells: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_verdicts(sheet(tmp_path, with_cells(**cells)))
    assert says in str(caught.value)


def test_files_that_are_no_such_sheet(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="columns that begin ID"):
        read_verdicts(sheet(tmp_path, titles=["a", "b"]))
    with pytest.raises(InputError, match="line 1: found columns"):
        read_verdicts(sheet(tmp_path, titles=[*TITLES[:-1], "verdict"]))
    for content in (b"", b"not a zip", b"PK\x03\x04 broken"):
        broken = tmp_path / "broken.xlsx"
        broken.write_bytes(content)
        with pytest.raises(InputError, match="expected a sheet that can be read"):
            read_verdicts(broken)
    with pytest.raises(InputError, match="FileNotFoundError"):
        read_verdicts(tmp_path / "absent.xlsx")
    with pytest.raises(UsageError, match="not on this machine"):
        verdicts_file(Folders((tmp_path,)))


def test_without_openpyxl_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = sheet(tmp_path, GOOD)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match="variability"):
        read_verdicts(file)


def test_a_verdict_is_matched_by_its_place_and_its_text(tmp_path: Path) -> None:
    file = tmp_path / "verdicts.xlsx"
    one = Verdict("mjd-000", "neutral", 2, "Rain  is wet, says Ann.", True, True, None, False, 9)
    texts = {"mjd-000": {"neutral": ["It may.", '"Rain" is wet, says Ann.']}}
    assert [verdict.text for verdict in matched([one], texts, file)] == ['"Rain" is wet, says Ann.']
    assert matched([one], {"mjd-001": {}}, file) == [], "an item that is not asked for"
    for other in ({"neutral": ["It may."]}, {}, {"neutral": ["It may.", "Rain is dry, says Ann."]}):
        with pytest.raises(InputError, match="line 9, field 'LLM-Explanation': found the explanation 'Rain"):
            matched([one], {"mjd-000": other}, file)


def test_the_published_sheet(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    file = verdicts_file(Folders((shared_data,)))
    verdicts = read_verdicts(file)
    pools: dict[str, dict[str, list[str]]] = {}
    for item in open_source("mjd-estimator", limit=100).items():
        for one in parsed_explanations(item, SOURCE, PROFILE):
            pools.setdefault(item.id, {}).setdefault(one.label, []).append(one.text)
    # Every explanation that Llama3 gave for these items has its row, but two refusals; one row has no answers.
    found = matched(verdicts, pools, file)
    assert len(found) == len(verdicts) == 1581
    rows = {(one.item, one.label, one.number) for one in found}
    without = {
        (id_, label, number): text
        for id_, own in pools.items()
        for label, texts in own.items()
        for number, text in enumerate(texts, 1)
        if (id_, label, number) not in rows
    }
    assert sorted(without) == [("mjd-037", "entailment", 1), ("mjd-051", "entailment", 1)]
    assert all(text.startswith("There are no") for text in without.values())
    assert len({(one.item, one.label, one.number) for one in found}) == 1581
    answered = [one for one in found if one.faithful is not None]
    assert len(answered) == 1580
    assert [one.row for one in found if one.faithful is None] == [1351]
    assert Counter(one.preferred for one in answered) == {True: 746, False: 834}
    assert sum(one.faithful is True for one in answered) == 938
    assert sum(one.refuses for one in answered) == 22
    # What the sheet itself does not keep to: a label (Q3) exactly for what is preferred.
    assert [one.row for one in answered if (one.speaks_for is not None) != one.preferred] == [328]
