"""``labeldist evaluate`` gives every row of "Recomputed on the same 341 items" (method.md, section 7) to 4 decimals."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]

# Typed out from the document; None is "undefined".
RECOMPUTED = {
    "uniform": (0.3649, 0.3070, 0.3505, None),
    "5 mnli labels, majority": (9.2876, 0.4217, 0.4352, 0.6122),
    "5 mnli labels, frequencies": (1.2425, 0.2092, 0.2147, 0.7949),
    "4 varierr labels, frequencies": (3.6037, 0.2821, 0.2858, 0.6882),
    "5 mnli labels, + 0.5 per label": (0.1591, 0.1867, 0.2155, 0.7949),
    "5 mnli labels, + 1 per label": (0.1757, 0.2034, 0.2311, 0.7949),
    "4 varierr labels, + 0.5 per label": (0.2186, 0.2035, 0.2290, 0.6882),
    "4 varierr labels, + 1 per label": (0.1989, 0.2088, 0.2279, 0.6882),
    "all 9 labels, + 0.5 per label": (0.1311, 0.1639, 0.1868, 0.8299),
}


def test_every_recomputed_row(labeldist: Command, shared_data: Path) -> None:
    done = labeldist("evaluate", "--reference", "mjd-estimator", "--json", LABELDIST_DATA=str(shared_data))
    assert done.returncode == 0, done.stderr
    evaluation = json.loads(done.stdout)["evaluation"]
    assert evaluation["items"] == 341
    rows = {row["name"]: row["metrics"] for row in evaluation["rows"]}
    for name, expected in RECOMPUTED.items():
        found = [rows[name][metric]["value"] for metric in ("kl", "jsd", "tvd", "dcorr")]
        assert tuple(None if value is None else round(value, 4) for value in found) == expected, name


def test_a_prediction_beside_the_baselines(labeldist: Command, tmp_path: Path) -> None:
    items = [
        {"id": str(n), "premise": "a", "hypothesis": "b", "labels": ["e"], "reference": {"e": n + 1, "n": 2}}
        for n in range(4)
    ]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    perfect = [
        {"id": item["id"], "distribution": {"e": (n + 1) / (n + 3), "n": 2 / (n + 3), "c": 0}}
        for n, item in enumerate(items)
    ]
    (tmp_path / "mjd.jsonl").write_text("".join(json.dumps(row) + "\n" for row in perfect))
    done = labeldist("evaluate", "good=mjd.jsonl", "--reference", "items.jsonl", "--out", "table.md", "--json")
    assert done.returncode == 0, done.stderr
    first, *baselines = json.loads(done.stdout)["evaluation"]["rows"]
    assert (first["name"], first["kind"]) == ("good", "prediction")
    assert first["metrics"]["tvd"]["value"] == pytest.approx(0, abs=1e-12)
    assert first["metrics"]["dcorr"]["value"] == pytest.approx(1)
    assert {row["kind"] for row in baselines} == {"baseline"}
    assert "| good |" in (tmp_path / "table.md").read_text()


def test_skipping_what_is_missing_names_it(labeldist: Command, tmp_path: Path) -> None:
    rows = [
        json.dumps({"id": name, "premise": "a", "hypothesis": "b", "reference": {"e": 1}}) + "\n" for name in ("1", "2")
    ]
    (tmp_path / "items.jsonl").write_text("".join(rows))
    (tmp_path / "p.jsonl").write_text('{"id": "2", "distribution": {"e": 1, "n": 0, "c": 0}}\n{"id": \n')
    done = labeldist("evaluate", "p.jsonl", "--reference", "items.jsonl", "--on-error", "skip", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["evaluation"]["left_out"] == {"1": "not in prediction 'p'"}
    assert found["failures"][0]["line"] == 2
