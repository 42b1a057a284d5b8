"""SNLI (Bowman et al. 2015), and its dev and test parts with explanations (e-SNLI; NILE)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labeldist.datasets.catalog import Download, Facts, Folders, Member, annotated, converted, dataset
from labeldist.datasets.jsonl import Rows, json_rows
from labeldist.datasets.tables import csv_rows

FACTS = Facts(
    name="snli",
    title="SNLI: the Stanford Natural Language Inference corpus",
    splits={
        "dev": {"snli_explained/snli_dev.csv.gz": 9842, "snli/snli_1.0_dev.jsonl": 10_000},
        "test": {"snli_explained/snli_test.csv.gz": 9824, "snli/snli_1.0_test.jsonl": 10_000},
        "train": {"nli_train/snli_train_pairs.jsonl.gz": 67_999, "snli/snli_1.0_train.jsonl": 550_152},
    },
    default_split="dev",
    labels="5 in dev and test, 1-5 in train as published; 1 (gold) in the explained and the training extract",
    reference="none",
    licence="CC BY-SA 4.0; explanations: e-SNLI MIT, NILE Apache-2.0",
    citation="Bowman, Angeli, Potts, Manning. A large annotated corpus for learning natural language inference. "
    "EMNLP 2015. arXiv:1508.05326. Explanations: Camburu et al. 2018 (e-SNLI), Kumar and Talukdar 2020 (NILE)",
    home="https://nlp.stanford.edu/projects/snli/",
    task="nli",
    downloads=(
        Download(
            "https://nlp.stanford.edu/projects/snli/snli_1.0.zip",
            sha256="afb3d70a5af5d8de0d9d81e2637e0fb8c22d1235c2749d83125ca43dab0dbd3e",
            members=tuple(
                Member(f"snli_1.0/snli_1.0_{split}.jsonl", f"snli/snli_1.0_{split}.jsonl")
                for split in ("train", "dev", "test")
            ),
        ),
    ),
    note="fetch brings the corpus as published, with the annotators' labels and without explanations.",
)


@dataset(FACTS)
def rows(path: Path, split: str, folders: Folders) -> Rows:
    """Published files: annotators ``snli/1`` and so on, the writer first. Extracts: the gold label as ``gold/1``."""
    if path.name.endswith(".csv.gz"):
        return converted(csv_rows(path, key="pairID"), lambda row, line: _explained_row(row))
    if path.name.endswith(".gz"):
        return converted(json_rows(path), lambda row, line: pair_row(row, f"snli-train-{line:05d}"))
    return converted(json_rows(path), lambda row, line: published_row(row, "snli"))


def published_row(row: Mapping[str, Any], group: str) -> dict[str, Any]:
    """A row of the published SNLI or MNLI. Parses are left out; a label that is missing or no label is, too."""
    given = row.get("annotator_labels") or [row.get(f"label{number}") for number in range(1, 6)]
    kept = ("gold_label", "captionID", "promptID", "genre")
    return {key: row[key] for key in kept if key in row} | {
        "id": row["pairID"],
        "premise": row["sentence1"],
        "hypothesis": row["sentence2"],
        "labels": annotated(group, [label for label in given if label]),
    }


def pair_row(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A row of an extract that has texts and the gold label only."""
    kept = {key: value for key, value in row.items() if key not in ("label", "pairID")}
    return kept | {"id": name, "labels": annotated("gold", [row["label"]])}


def _explained_row(row: Mapping[str, Any]) -> dict[str, Any]:
    gold = row["gold_label"]
    human = [{"label": gold, "text": row[f"Explanation_{number}"], "source": "human"} for number in (1, 2, 3)]
    machine = [
        {"label": label, "text": row[f"{label}_explanation"], "source": "nile"}
        for label in ("entailment", "neutral", "contradiction")
    ]
    return {
        "id": row["pairID"],
        "premise": row["sentence1"],
        "hypothesis": row["sentence2"],
        "labels": annotated("gold", [gold]),
        "explanations": human + machine,
    }
