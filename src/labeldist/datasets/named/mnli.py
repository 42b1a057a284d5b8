"""MultiNLI (Williams, Nangia, Bowman 2018)."""

from __future__ import annotations

from pathlib import Path

from labeldist.datasets.catalog import Download, Facts, Folders, Member, converted, dataset
from labeldist.datasets.jsonl import Rows, json_rows
from labeldist.datasets.named.snli import pair_row, published_row

_SPLITS = {"train": "train", "dev": "dev_matched", "dev-mismatched": "dev_mismatched"}

FACTS = Facts(
    name="mnli",
    title="MultiNLI: natural language inference in ten genres",
    splits={
        "dev": {"mnli/mnli_dev_matched.jsonl": 9815, "mnli/multinli_1.0_dev_matched.jsonl": 10_000},
        "dev-mismatched": {"mnli/multinli_1.0_dev_mismatched.jsonl": 10_000},
        "train": {"nli_train/mnli_train_pairs.jsonl.gz": 6495, "mnli/multinli_1.0_train.jsonl": 392_702},
    },
    default_split="dev",
    labels="5 in dev, 1 in train as published; 1 (gold) in the extracts",
    reference="none",
    licence="OANC and others, see the corpus",
    citation="Williams, Nangia, Bowman. A Broad-Coverage Challenge Corpus for Sentence Understanding through "
    "Inference. NAACL 2018. arXiv:1704.05426",
    home="https://cims.nyu.edu/~sbowman/multinli/",
    task="nli",
    downloads=(
        Download(
            "https://cims.nyu.edu/~sbowman/multinli/multinli_1.0.zip",
            sha256="049f507b9e36b1fcb756cfd5aeb3b7a0cfcb84bf023793652987f7e7e0957822",
            members=tuple(
                Member(f"multinli_1.0/multinli_1.0_{file}.jsonl", f"mnli/multinli_1.0_{file}.jsonl")
                for file in _SPLITS.values()
            ),
        ),
    ),
)


@dataset(FACTS)
def rows(path: Path, split: str, folders: Folders) -> Rows:
    """Published files: annotators ``mnli/1`` and so on, the writer first. Extracts: the gold label as ``gold/1``."""
    if path.name.startswith("multinli_1.0"):
        return converted(json_rows(path), lambda row, line: published_row(row, "mnli"))
    return converted(
        json_rows(path), lambda row, line: pair_row(row, row["pairID"] if split == "dev" else f"mnli-train-{line:05d}")
    )
