"""Adversarial NLI (Nie et al. 2020), three rounds. Its labels were filtered: at least two verifiers agree with the
writer in dev and test, so it is no picture of human label variation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labeldist.datasets.catalog import (
    Download,
    Facts,
    Folders,
    Member,
    annotated,
    companion,
    converted,
    dataset,
)
from labeldist.datasets.jsonl import Rows, json_rows

_ROWS = {1: (1000, 1000, 16_946), 2: (1000, 1000, 45_460), 3: (1200, 1200, 100_459)}
_EXTRACT_ROWS = {1: (1000, 1000), 2: (1000, 1000), 3: (1198, 1200)}
_VERIFIERS = "anli/verifier_labels_R1-3.jsonl"
_USED = ("uid", "premise", "context", "hypothesis", "label", "reason", "verifier_labels")


def _facts(number: int) -> Facts:
    dev, test, train = _ROWS[number]
    extract_dev, extract_test = _EXTRACT_ROWS[number]
    published = f"anli/R{number}"
    return Facts(
        name=f"anli-r{number}",
        title=f"Adversarial NLI, round {number}",
        splits={
            "dev": {f"anli/anli_r{number}_dev.jsonl": extract_dev, f"{published}/dev.jsonl": dev},
            "test": {f"anli/anli_r{number}_test.jsonl": extract_test, f"{published}/test.jsonl": test},
            "train": {f"{published}/train.jsonl": train},
        },
        default_split="dev",
        labels="1 (writer) + 2-3 verifiers in dev and test; 1 or more in train",
        reference="none",
        licence="CC BY-NC 4.0",
        citation="Nie, Williams, Dinan, Bansal, Weston, Kiela. Adversarial NLI: A New Benchmark for Natural Language "
        "Understanding. ACL 2020. arXiv:1910.14599",
        home="https://github.com/facebookresearch/anli",
        task="nli",
        downloads=(
            Download(
                "https://dl.fbaipublicfiles.com/anli/anli_v1.0.zip",
                sha256="e5c058f2bb4e6190b0651badca2c590e45db95248f8b28cde674615ee40820bf",
                members=tuple(
                    Member(f"anli_v1.0/R{number}/{split}.jsonl", f"{published}/{split}.jsonl")
                    for split in ("dev", "test", "train")
                ),
            ),
        ),
        note="fetch brings the writers' labels. The verifiers' were published later and without a checksum: put "
        f"verifier_labels_R1-3.jsonl from the repository's folder verifier_labels to {_VERIFIERS} in the data folder.",
    )


@dataset(_facts(1))
@dataset(_facts(2))
@dataset(_facts(3))
def rows(path: Path, split: str, folders: Folders) -> Rows:
    """Annotators ``writer/1``, then ``verifier/1`` and so on; the writer's reason explains the writer's label."""
    verified: dict[str, list[str]] = {}
    verifiers = folders.find(_VERIFIERS)
    if path.parent.name != "anli" and verifiers is not None:
        found = companion(verifiers, lambda row, line: {"uid": row["uid"], "labels": row["verifier labels"]})
        verified = {row["uid"]: row["labels"] for row in found}
    return converted(json_rows(path), lambda row, line: _row(row, verified))


def _row(row: Mapping[str, Any], verified: Mapping[str, list[str]]) -> dict[str, Any]:
    verifiers = row["verifier_labels"] if "verifier_labels" in row else verified.get(row["uid"])
    reason = row.get("reason")
    return {key: value for key, value in row.items() if key not in _USED} | {
        "id": row["uid"],
        "premise": row["premise"] if "premise" in row else row["context"],
        "hypothesis": row["hypothesis"],
        "labels": annotated("writer", [row["label"]]) + annotated("verifier", verifiers or []),
        "explanations": [{"label": row["label"], "text": reason, "source": "human"}] if reason else [],
    }
