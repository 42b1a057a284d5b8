"""The paper's 341 items with the three models' raw answers, and the authors' selected files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from labeldist.core.item import Annotation, Answer, Explanation, Item
from labeldist.core.task import Task
from labeldist.tasks.load import load_task

NAMES = {"e": "entailment", "n": "neutral", "c": "contradiction"}


@pytest.fixture(scope="session")
def nli() -> Task:
    return load_task("nli")


@dataclass(frozen=True)
class Published:
    """What the authors published: the items, and the bytes of each selected file."""

    items: list[Item]
    selected: Callable[[str], bytes]


@pytest.fixture(scope="session")
def published(shared_data: Path) -> Published:
    folder = shared_data / "mjd_estimator"
    rows = [json.loads(line) for line in (folder / "instances.jsonl").read_text(encoding="utf-8").splitlines()]
    answers: list[list[Answer]] = [[] for _ in rows]
    for model in ("llama3", "mixtral", "gpt4o"):
        for line in gzip.decompress((folder / "raw" / f"{model}.jsonl.gz").read_bytes()).splitlines():
            raw = json.loads(line)
            answers[raw["index"]].append(Answer(raw["output"], NAMES[raw["label"]], model))
    items = [
        Item(
            id=str(index),
            fields={"premise": row["premise"], "hypothesis": row["hypothesis"]},
            labels=(*_annotations("mnli", row["mnli labels"][1]), *_annotations("varierr", row["varierr labels"])),
            explanations=tuple(Explanation(text, NAMES[label]) for text, label in row["comments"]),
            answers=tuple(answers[index]),
        )
        for index, row in enumerate(rows)
    ]
    return Published(items, lambda name: gzip.decompress((folder / "selected" / f"{name}.jsonl.gz").read_bytes()))


def _annotations(group: str, counts: list[int]) -> list[Annotation]:
    labels = [label for label, count in zip(NAMES.values(), counts, strict=True) for _ in range(count)]
    return [Annotation(label, f"{group}/{number}") for number, label in enumerate(labels, 1)]
