"""Labels without a task: named, or found in the data, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labeldist.core.errors import InputError, UsageError
from labeldist.datasets.read_report import ReadReport
from labeldist.datasets.source import Dataset, open_source


def opened(tmp_path: Path, rows: list[dict[str, Any]], **how: Any) -> Dataset:
    file = tmp_path / "items.jsonl"
    file.write_text("".join(json.dumps({"id": str(at)} | row) + "\n" for at, row in enumerate(rows)))
    return open_source(str(file), texts=False, **how)


def test_names_by_frequency_whatever_their_case(tmp_path: Path) -> None:
    found = opened(tmp_path, [{"labels": ["ok", "Toxic"]}, {"labels": {"OK": 2, "toxic": 1}}, {"labels": ["toxic "]}])
    assert found.task.label_names == ("OK", "toxic")
    assert [item.label_counts(("OK", "toxic")) for item in found.items()] == [(1, 1), (2, 1), (0, 1)]


def test_numbers_by_value(tmp_path: Path) -> None:
    found = opened(tmp_path, [{"labels": [10, 2, 2]}, {"labels": ["-1"]}], scale="ordinal")
    assert found.task.label_names == ("-1", "2", "10")
    assert found.task.values == (-1.0, 2.0, 10.0)


def test_what_references_and_models_name_is_a_label_too(tmp_path: Path) -> None:
    said = tmp_path / "said.jsonl"
    said.write_text('{"id": "0", "distribution": {"a": 0.2, "b": 0.3, "d": 0.5}}\n')
    found = opened(tmp_path, [{"labels": ["a", "b"], "reference": {"a": 1, "c": 2}}], evidence=[said])
    assert found.task.label_names == ("a", "b", "c", "d")


def test_labels_of_the_default_task_are_that_task_s_and_slips_among_them_refused(tmp_path: Path) -> None:
    rows = [{"labels": ["e", "neutral"]}, {"labels": ["neutral", "perhaps"]}]
    found = opened(tmp_path, rows)
    assert found.task.name == "nli"
    with pytest.raises(InputError, match="perhaps"):
        list(found.items())


def test_digits_are_no_labels_of_the_default_task(tmp_path: Path) -> None:
    assert opened(tmp_path, [{"labels": [0, 1, 2]}]).task.label_names == ("0", "1", "2")


def test_a_rare_name_is_told_with_its_count(tmp_path: Path) -> None:
    found = opened(tmp_path, [{"labels": {"ok": 300, "toxic": 200}}, {"labels": ["toxci"]}])
    assert "hardly used: toxci (1)" in found.told


@pytest.mark.parametrize(
    ("rows", "how", "message"),
    [
        ([{"labels": ["ok", "ok"]}], {}, "'ok' and no other"),
        ([{"labels": ["low", "high"]}], {"scale": "ordinal"}, "whose order nothing tells"),
        ([{"labels": [f"text {at}" for at in range(300)]}], {}, "different labels"),
        ([{}], {"labels": ["a", "A "]}, "twice"),
        ([{}], {"labels": ["a"]}, "two or more|labels"),
        ([{}], {"labels": ["a", "b"], "task": "nli"}, "give one of the two|labels or a scale"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    rows: list[dict[str, Any]], how: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises((InputError, UsageError), match=message):
        opened(tmp_path, rows, **how)


def test_no_text_is_needed_where_none_is_read(tmp_path: Path) -> None:
    found = opened(
        tmp_path,
        [{"labels": ["e", "n"]}, {"labels": ["n"], "premise": "Here is one."}, {"labels": [], "fields": {"a": "b"}}],
    )
    report = ReadReport()
    assert [len(item.labels) for item in found.items(report)] == [2, 1, 0]
    assert not report.columns.unused
