"""Which distributions a report shows, whatever they are named and however they are stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.reporting.conftest import LABELS, Rows, write
from tests.reporting.test_gather import lines, view_of

from labeldist.core.errors import UsageError
from labeldist.datasets.source import open_source
from labeldist.reports.page.safe import shown_view
from labeldist.runs.posterior import estimate_to_file


def test_labels_as_they_are_are_shown_beside_the_others(made: Path) -> None:
    item = view_of(made / "posterior.jsonl")["items"][0]
    assert item["distributions"]["labels"] == pytest.approx([one / 3 for one in item["label_counts"]], abs=1e-6)


def test_an_item_without_labels_has_no_distribution_of_them(made: Path, rows: Rows, tmp_path: Path) -> None:
    source = write(
        tmp_path / "few.jsonl", [{**row, "labels": row["labels"] if at else []} for at, row in enumerate(rows)]
    )
    view = view_of(made / "posterior.jsonl", source=str(source))
    assert ["labels" in item["distributions"] for item in view["items"]] == [False] + [True] * 59


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".parquet", ".jsonl.gz"])
def test_a_posterior_in_any_format(suffix: str, made: Path, tmp_path: Path) -> None:
    out = tmp_path / f"posterior{suffix}"
    estimate_to_file(open_source(str(made / "items.jsonl"), texts=False), out, evidence=[f"llm={made / 'llm.jsonl'}"])
    view, known = view_of(out), view_of(made / "posterior.jsonl")
    assert (view["main"], view["calibrated"], view["facts"]) == ("posterior", known["calibrated"], known["facts"])
    assert view["items"] == known["items"]


def test_a_name_says_that_a_column_per_label_is_a_distribution(made: Path, tmp_path: Path) -> None:
    said = [row["distribution"] for row in lines(made / "llm.jsonl")]
    cells = [f"q{at},{','.join(str(one[label]) for label in LABELS)}" for at, one in enumerate(said)]
    (tmp_path / "wide.csv").write_text("\n".join([f"id,{','.join(f'p_{label}' for label in LABELS)}", *cells]))
    view = view_of(made / "posterior.jsonl", f"mine={tmp_path / 'wide.csv'}")
    assert [one["key"] for one in view["sets"]] == ["labels", "posterior", "mine", "reference"]


@pytest.mark.parametrize("name", ["labels", "reference"])
def test_names_that_are_taken(name: str, made: Path, rows: Rows, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="as what comes with the items"):
        view_of(f"{name}={made / 'llm.jsonl'}", made / "items.jsonl")
    carried = [{**row, "evidence": {name: {"distribution": dict(zip(LABELS, (0, 1, 0), strict=True))}}} for row in rows]
    view = view_of(made / "posterior.jsonl", source=str(write(tmp_path / "carried.jsonl", carried)))
    keys = [one["key"] for one in view["sets"]]
    assert len(set(keys)) == len(keys)
    assert view["items"][0]["distributions"][f"{name} (a model)"] == [0, 1, 0]
    assert view["items"][0]["distributions"]["reference"] == [n / 40 for n in rows[0]["reference"].values()]


def test_names_that_look_alike_are_refused(made: Path) -> None:
    with pytest.raises(UsageError, match="two results are named"):
        view_of(f"ll\u200bm={made / 'llm.jsonl'}", f"ll\\u200bm={made / 'llm.jsonl'}", made / "items.jsonl")


def test_columns_that_look_alike_are_all_shown(made: Path, rows: Rows, tmp_path: Path) -> None:
    names = ("te\u200bxt", "te\\u200bxt")
    alike = [
        {"id": row["id"], "labels": row["labels"], **{name: f"It rains in {at} {name}." for name in names}}
        for at, row in enumerate(rows)
    ]
    view = view_of(made / "posterior.jsonl", source=str(write(tmp_path / "alike.jsonl", alike)))
    shown = shown_view(view)["items"][0]["texts"]
    assert len(shown) == len(view["items"][0]["texts"]) == 2
    assert "\u200b" not in json.dumps([*shown], ensure_ascii=False)
