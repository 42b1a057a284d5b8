"""Circa: indirect answers to yes/no questions (Louis, Roth, Radlinski 2020)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place
from labeldist.datasets.catalog import Facts, Folders, annotated, converted, dataset
from labeldist.datasets.jsonl import Rows, decoded, opened

FACTS = Facts(
    name="circa",
    title="Circa: indirect answers to yes/no questions, 5 judgements each",
    splits={f"{split}": {f"circa/circa_data_{split}.tsv": 3427} for split in ("dev", "test")},
    default_split="dev",
    labels="5 (4 for 5 items), annotators anonymous",
    reference="none; --reference-annotators makes one of some of the annotators",
    licence="CC BY 4.0",
    citation='Louis, Roth, Radlinski. "I\'d rather just go to bed": Understanding Indirect Answers. EMNLP 2020. '
    "arXiv:2010.03450",
    home="https://github.com/google-research-datasets/circa",
    task="indirect-answers",
    note="These splits are no files of the data set's home, which has all 34,268 items in one: put "
    "circa_data_dev.tsv and circa_data_test.tsv into the folder circa of the data folder.",
)


@dataset(FACTS)
def rows(path: Path, split: str, folders: Folders) -> Rows:
    """Items ``circa-dev-0`` and so on; annotators ``circa/1`` to ``circa/5``, by the finest judgements (8 labels)."""
    return converted(_table(path), lambda row, line: _row(split, row))


def _table(path: Path) -> Rows:
    """The rows of the file: tabs between columns, the first of which has no name, and no quotes with a meaning."""
    with opened(path) as file:
        text = io.StringIO(decoded(file.read(), Place(path)), newline="")
        try:
            for line, row in enumerate(csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE), 2):
                yield Place(path, line), {str(key): value for key, value in row.items()}
        except csv.Error as error:
            raise InputError(str(error), expected="the file as it was published", place=Place(path)) from error


def _row(split: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": f"circa-{split}-{row['']}",
        "context": row["context"],
        "question": row["question-X"],
        "answer": row["answer-Y"],
        "labels": annotated("circa", row["judgements"].split("#")),
        **{key: row[key] for key in ("canquestion-X", "goldstandard1", "goldstandard2")},
    }
