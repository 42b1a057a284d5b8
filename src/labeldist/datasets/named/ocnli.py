"""OCNLI: original Chinese natural language inference (Hu et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labeldist.datasets.catalog import Facts, Folders, annotated, converted, dataset
from labeldist.datasets.jsonl import Rows, json_rows

_LABELS = ("entailment", "neutral", "contradiction")

FACTS = Facts(
    name="ocnli",
    title="OCNLI: 3000 Chinese items with 5 labels each",
    splits={"dev": {"ocnli/dev.jsonl": 3000}},
    default_split="dev",
    labels="5, the writer first, annotators anonymous",
    reference="none; --reference-annotators makes one of some of the annotators",
    licence="CC BY-NC 2.0",
    citation="Hu, Richardson, Xu, Li, Kuebler, Moss. OCNLI: Original Chinese Natural Language Inference. Findings of "
    "EMNLP 2020. arXiv:2010.05444",
    home="https://github.com/CLUEbenchmark/OCNLI",
    task="nli-zh",
    note="Published without a checksum: put dev.json from the repository's folder data/ocnli to ocnli/dev.jsonl in the "
    "data folder. 46 judgements are 'unrelated' or 'unknown', no labels of the task: they stand in the column "
    "other_judgements.",
)


@dataset(FACTS)
def rows(path: Path, split: str, folders: Folders) -> Rows:
    """Annotators ``writer/1`` and ``annotator/1`` to ``annotator/4``."""
    return converted(json_rows(path), _row)


def _row(row: Mapping[str, Any], line: int) -> dict[str, Any]:
    given = [row[f"label{number}"] for number in range(5)]
    labels = annotated("writer", given[:1]) + annotated("annotator", given[1:])
    known = [one for one in labels if one["label"] in _LABELS]
    others = [one for one in labels if one["label"] not in _LABELS]
    return {
        "id": f"ocnli-{row['id']:04d}",
        "premise": row["sentence1"],
        "hypothesis": row["sentence2"],
        "labels": known,
        **({"other_judgements": others} if others else {}),
        **{name: row[name] for name in ("genre", "level", "prem_id")},
        "gold_label": row["label"],
    }
