"""The benchmark of load: what it makes up can be read, and its bars are those of what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from benchmarks.load import __main__ as command
from benchmarks.load.sources import evidence, items
from benchmarks.load.tables import points, rendered

from labeldist.datasets.evidence import read_evidence
from labeldist.datasets.source import open_source


def measured(stage: str, count: int, code: str = "now", **more: Any) -> dict[str, Any]:
    return {"stage": stage, "items": count, "code": code, "load": 0.1, "seconds": 2.0, "CPU seconds": 1.0, **more}


def test_made_up_files_are_the_same_again_and_good_to_read(tmp_path: Path) -> None:
    first, again = (items(20, tmp_path / f"{name}.jsonl") for name in ("first", "again"))
    assert first.read_bytes() == again.read_bytes()
    dataset = open_source(str(first))
    found = list(dataset.items())
    assert len(found) == 20
    assert all(len(item.labels) == 4 and sum((item.reference or {}).values()) == 100 for item in found)
    said = list(read_evidence(evidence(20, tmp_path / "said.jsonl"), dataset.task))
    assert [row.id for row in said] == [item.id for item in found]


def test_bars_are_of_the_code_as_it_is_now() -> None:
    results = {
        "a": measured("run", 10_000, **{"peak MB": 200, "store bytes": 5e7}),
        "b": measured("run", 100_000, **{"peak MB": 281, "store bytes": 7e8}),
        "c": measured("run", 100_000, "before", **{"peak MB": 900, "store bytes": 1.8e9}),
    }
    assert [(round(point.found, 2), point.reached) for point in points(results)] == [
        (281, True),
        (7, False),
        (0.9, True),
    ]
    assert "| `run`, 100,000 items, before | 2 s | 1 s | 0.01 ms | 900 MB | 18.0 KB | 0.1 |" in rendered(results)


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(["speed"])
    assert caught.value.code == 2
