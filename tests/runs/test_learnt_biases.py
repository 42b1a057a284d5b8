"""``describe`` shows the biases of annotators who recur, where there are any."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import labeldist as ld
from labeldist.evaluation.description import Description
from labeldist.reports.description import sections_of

LABELS = "mild", "strict"


def described(folder: Path, severity: float) -> Description:
    """600 items with three of five annotators each, of whom ``ann0`` is stricter than the others."""
    draw = np.random.default_rng(0)
    rows = []
    for at in range(600):
        odds = draw.normal(0, 1.5)
        said = [
            {
                "annotator": f"ann{who}",
                "label": LABELS[int(draw.random() < 1 / (1 + np.exp(-odds - severity * (who == 0))))],
            }
            for who in draw.choice(5, 3, replace=False).tolist()
        ]
        rows.append({"id": str(at), "labels": said})
    file = folder / "items.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return ld.describe(file)


def test_the_strict_one_comes_first(tmp_path: Path) -> None:
    found = described(tmp_path, 2.0)
    first = found.biases[0]
    assert first.name == "ann0"
    # A severity of 2 among five is .8 above the mean for one label and as much below for the other.
    assert first.bias["strict"] == pytest.approx(0.8, abs=0.25)
    assert first.bias["mild"] == pytest.approx(-first.bias["strict"])
    assert 0.02 < first.errors["strict"] < 0.3
    (section,) = [one for one in sections_of(found) if one.title == "Biases of annotators"]
    assert section.rows[0][0] == "ann0"
    assert json.loads(json.dumps(found.to_dict()))["annotator_biases"][0]["name"] == "ann0"


def test_where_all_are_alike_there_are_none(tmp_path: Path) -> None:
    found = described(tmp_path, 0.0)
    assert found.biases == ()
    assert not [one for one in sections_of(found) if one.title == "Biases of annotators"]
