"""KLUE-NLI: Korean natural language inference (Park et al. 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labeldist.datasets.catalog import Facts, Folders, annotated, converted, dataset
from labeldist.datasets.documents import document_rows
from labeldist.datasets.jsonl import Rows

FACTS = Facts(
    name="klue-nli",
    title="KLUE-NLI: 3000 Korean items with 5 labels each",
    splits={"dev": {"klue_nli/klue-nli-v1.1_dev.json": 3000}},
    default_split="dev",
    labels="5, the author first, annotators anonymous",
    reference="none; --reference-annotators makes one of some of the annotators",
    licence="CC BY-SA 4.0",
    citation="Park, Moon, Kim, Cho et al. KLUE: Korean Language Understanding Evaluation. NeurIPS Datasets and "
    "Benchmarks 2021. arXiv:2105.09680",
    home="https://github.com/KLUE-benchmark/KLUE",
    task="nli-ko",
    note="Published without a checksum: put klue-nli-v1.1_dev.json from the repository's folder "
    "klue_benchmark/klue-nli-v1.1 into the folder klue_nli of the data folder.",
)


@dataset(FACTS)
def rows(path: Path, split: str, folders: Folders) -> Rows:
    """Annotators ``author/1`` and ``annotator/1`` to ``annotator/4``."""
    return converted(document_rows(path), _row)


def _row(row: Mapping[str, Any], line: int) -> dict[str, Any]:
    given = [row[f"label{number}"] for number in range(2, 6)]
    return {
        "id": row["guid"],
        "premise": row["premise"],
        "hypothesis": row["hypothesis"],
        "labels": annotated("author", [row["author"]]) + annotated("annotator", given),
        "source": row["source"],
        "gold_label": row["gold_label"],
    }
