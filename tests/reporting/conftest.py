"""A small source with everything, and what labeldist made of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labeldist.datasets.source import open_source
from labeldist.runs.pipeline import run
from labeldist.runs.posterior import estimate_to_file
from labeldist.runs.settings import RunSettings

LABELS = ("entailment", "neutral", "contradiction")
Rows = list[dict[str, Any]]
Written = Callable[[str, Rows], Path]


@pytest.fixture(scope="session")
def rows() -> Rows:
    """Sixty items: texts, three labels each of named annotators, a reference of 40 votes."""
    random = np.random.default_rng(3)
    found = []
    for at in range(60):
        truth = random.dirichlet([1.0, 1.0, 0.6])
        labels = [LABELS[label] for label in random.choice(3, 3, p=truth)]
        votes = random.multinomial(40, truth).tolist()
        found.append(
            {
                "id": f"q{at}",
                "fields": {"premise": f"It rains in town {at}.", "hypothesis": f"Street {at} is wet."},
                "labels": [{"annotator": f"a{(at + n) % 7}", "label": label} for n, label in enumerate(labels)],
                "reference": dict(zip(LABELS, votes, strict=True)),
            }
        )
    return found


def write(path: Path, rows: Rows) -> Path:
    """Rows as JSONL."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def made(rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``items.jsonl``, ``llm.jsonl`` of a model, ``posterior.jsonl``, and the run ``run``."""
    folder = tmp_path_factory.mktemp("made")
    source = write(folder / "items.jsonl", rows)
    random = np.random.default_rng(4)
    said = [
        {
            "id": row["id"],
            "distribution": dict(
                zip(LABELS, (random.dirichlet(np.array([*row["reference"].values()]) / 4 + 0.5)).tolist(), strict=True)
            ),
            "saw_labels": False,
        }
        for row in rows
    ]
    write(folder / "llm.jsonl", said)
    dataset = open_source(str(source), texts=False)
    estimate_to_file(dataset, folder / "posterior.jsonl", evidence=[f"llm={folder / 'llm.jsonl'}"])
    run(RunSettings(str(source), model="scripted", limit=30), folder / "run")
    return folder
