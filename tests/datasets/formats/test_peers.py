"""The libraries that files are written for read them, and see the labels that the items have."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.formats.round_trip import real_items

from labeldist.core.item import Evidence, Item
from labeldist.core.task import Task
from labeldist.datasets.format import FORMATS

FOLDER = Path(os.environ.get("LABELDIST_PEERS") or Path.home() / ".cache" / "labeldist" / "peers-1")
PYTHON = FOLDER / "bin" / "python"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (FOLDER / ".ready").exists(), reason="no peers here: tests/datasets/formats/setup_peers.sh sets them up"
    ),
]
FILES = {
    "hf": "hugging-face", "hf.parquet": "hugging-face", "argilla.jsonl": "argilla", "argilla.json": "argilla",
    "crowd-kit.csv": "crowd-kit", "cleanlab.csv": "cleanlab", "mturk.csv": "mturk",
}  # fmt: skip


@pytest.fixture(scope="module")
def found(shared_data: Path) -> tuple[list[Item], Task]:
    items, task = real_items(shared_data, limit=300)
    sure = {"model": Evidence(dict(zip(task.label_names, (0.75, 0.25), strict=True)))}
    return [replace(item, evidence=sure) for item in items], task


@pytest.fixture(scope="module")
def seen(found: tuple[list[Item], Task], tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("written")
    for file, name in FILES.items():
        write = FORMATS.get(name).write
        assert write is not None
        write(folder / file, *found)
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "cache"), "PYTHONPATH": ""}
    done = subprocess.run(
        [PYTHON, Path(__file__).with_name("peers_read.py"), folder],
        capture_output=True, text=True, check=False, env={**os.environ, **offline},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def given(items: list[Item]) -> dict[str, list[list[str | None]]]:
    return {item.id: [[one.annotator, one.label] for one in item.labels] for item in items}


@pytest.mark.parametrize("which", ["folder", "parquet"])
def test_datasets_gives_names_labels_and_shares(which: str, found: tuple[list[Item], Task], seen: Any) -> None:
    items, task = found
    assert seen[which]["names"] == [*task.label_names]
    assert seen[which]["labels"] == given(items)
    assert seen[which]["texts"] == {item.id: item.fields["text"] for item in items}
    for item in items:
        counts = item.label_counts(task.label_names)
        assert seen[which]["soft"][item.id] == pytest.approx([count / sum(counts) for count in counts])


def test_argilla_gives_the_responses(found: tuple[list[Item], Task], seen: Any) -> None:
    items, _ = found
    assert seen["argilla flat"] == given(items)
    assert seen["argilla nested"] == {item.id: [one.label for one in item.labels] for item in items}
    assert seen["argilla texts"] == {item.id: item.fields["text"] for item in items}


def test_aggregators_find_the_majority(found: tuple[list[Item], Task], seen: Any) -> None:
    items, task = found
    votes: dict[str, Counter[str]] = {item.id: item.votes() for item in items}
    assert seen["crowd-kit"] == sum(len(item.labels) for item in items)
    assert seen["dawid-skene"] == seen["quality"] == len(items)
    clear = {id_: count for id_, count in votes.items() if len({*count.values()}) == len(count)}
    assert len(clear) > 200
    for id_, count in clear.items():
        (winner, _) = count.most_common(1)[0]
        assert seen["majority"][id_] == winner
        assert task.label_names[seen["cleanlab"][id_]] == winner
    assert seen["tables"] == {"mturk.csv": seen["crowd-kit"], "cleanlab.classes.csv": len(task.label_names)}
