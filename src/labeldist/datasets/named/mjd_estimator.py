"""MJD-Estimator: the 341 NLI items of Chen et al. 2025, and the 629 + 629 items of their fine-tuning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from labeldist.datasets.catalog import Download, Facts, Folders, annotated, companion, converted, dataset
from labeldist.datasets.evade import NOTE, evade_evidence, pair
from labeldist.datasets.jsonl import Rows, json_rows

_ORDER = "enc"  # of every list of three numbers in the published files
_CLONE = "mjd_estimator/MJD-Estimator/Model-Explanation"
# For each model the answers in one file, or the folder of the published repository with one file per answer.
_ANSWERS = {
    "llama3": ("mjd_estimator/raw/llama3.jsonl.gz", f"{_CLONE}/Llama3-explanations/Llama3-raw-output"),
    "mixtral": ("mjd_estimator/raw/mixtral.jsonl.gz", f"{_CLONE}/Mixtral-explanations/Mixtral-raw-output"),
    "gpt4o": ("mjd_estimator/raw/gpt4o.jsonl.gz", f"{_CLONE}/GPT4o-explanations/GPT4o-raw-output"),
}
_RAW = "https://raw.githubusercontent.com/mainlp/MJD-Estimator"

FACTS = Facts(
    name="mjd-estimator",
    title="MJD-Estimator: 341 NLI items with human and model explanations",
    splits={
        "train": {"mjd_estimator/instances.jsonl": 341},
        "dev": {"mjd_estimator/finetune_dev.jsonl": 629},
        "test": {"mjd_estimator/finetune_test.jsonl": 629},
    },
    default_split="train",
    labels="5 (MNLI) + 4 (VariErr), annotators anonymous; none in dev and test",
    reference="100 annotators (ChaosNLI), as probabilities",
    licence="Apache-2.0; reference from ChaosNLI, CC BY-NC 4.0",
    citation="Chen, Peng, Korhonen, Plank. A Rose by Any Other Name: LLM-Generated Explanations Are Good Proxies for "
    "Human Explanations to Collect Label Distributions on NLI. Findings of ACL 2025. arXiv:2412.13942",
    home="https://github.com/mainlp/MJD-Estimator",
    task="nli",
    downloads=(
        Download(
            f"{_RAW}/c0bd934e353812a4c1df2c63742d9420e223d52c/Model-Explanation/Mixtral-explanations/"
            "Mixtral-model-explanation-main/human.json",
            sha256="3ce41d45810ea9c58e29317fb1a4d29c19f922d8f71bfa80dc2a1ba257961d98",
            path="mjd_estimator/instances.jsonl",
        ),
        Download(
            f"{_RAW}/f993e1745914b22fee432caf832ca2cb6e647377/MJD-fine-tuning/data/chaos_dev_test/dev.json",
            sha256="27f58ba66049e893313f27c2199164e49d4514fdc15c951e2f9bf900764b33fc",
            path="mjd_estimator/finetune_dev.jsonl",
        ),
        Download(
            f"{_RAW}/f993e1745914b22fee432caf832ca2cb6e647377/MJD-fine-tuning/data/chaos_dev_test/test.json",
            sha256="0b931367354a4c4de8a4144d772bc15006fdcc9abb4333d7d49e4f78f4cdf15f",
            path="mjd_estimator/finetune_test.jsonl",
        ),
    ),
    note="fetch brings the items without the models' raw answers, which are 3069 files without a published "
    "checksum: for those clone the repository to mjd_estimator/MJD-Estimator in the data folder. " + NOTE,
)


@dataset(FACTS)
def rows(path: Path, split: str, folders: Folders) -> Rows:
    """Items ``mjd-000`` to ``mjd-340``, or ``mjd-dev-000`` and so on, in file order.

    The published counts become annotators ``mnli/1`` to ``mnli/5`` and ``varierr/1`` to ``varierr/4``. The
    answers of the three models are exactly as published, chat markers included. Split ``train`` has EVADE's scores as
    evidence, where they are at hand.
    """
    if split != "train":
        return converted(json_rows(path), lambda row, line: _tuning_row(row, f"mjd-{split}-{line - 1:03d}"))
    return _instances(path, folders)


def _instances(path: Path, folders: Folders) -> Rows:
    answers: dict[tuple[int, str], list[dict[str, str]]] = {}
    evidence = evade_evidence(folders)
    for model, places in _ANSWERS.items():
        found = folders.find(*places)
        if found is not None:
            for index, label, text in _from_clone(found) if found.is_dir() else _from_file(found):
                answers.setdefault((index, label), []).append({"label": label, "text": text, "source": model})

    def convert(row: Mapping[str, Any], line: int) -> dict[str, Any]:
        index = line - 1
        return {
            "id": f"mjd-{index:03d}",
            "premise": row["premise"],
            "hypothesis": row["hypothesis"],
            "labels": annotated("mnli", _expanded(row["mnli labels"][1]))
            + annotated("varierr", _expanded(row["varierr labels"])),
            "explanations": [{"label": label, "text": text, "source": "human"} for text, label in row["comments"]],
            "answers": [answer for label in _ORDER for answer in answers.get((index, label), [])],
            "evidence": evidence.get(pair(row["premise"], row["hypothesis"])),
            "reference": dict(zip(_ORDER, row["chaos probs"], strict=True)),
        }

    yield from converted(json_rows(path), convert)


def _tuning_row(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {
        "id": name,
        "premise": row["premise"],
        "hypothesis": row["hypothesis"],
        "reference": dict(zip(_ORDER, row["label"], strict=True)),
    }


def _expanded(counts: list[int]) -> Iterator[str]:
    for label, count in zip(_ORDER, counts, strict=True):
        for _ in range(count):
            yield label


def _from_file(path: Path) -> Iterator[tuple[int, str, str]]:
    for row in companion(path, lambda row, line: {key: row[key] for key in ("index", "label", "output")}):
        yield row["index"], row["label"], row["output"]


def _from_clone(folder: Path) -> Iterator[tuple[int, str, str]]:
    """One file per answer, ``<index>/<E, N or C>``; line ends are kept as they are."""
    for index in sorted(int(item.name) for item in folder.iterdir() if item.name.isdigit()):
        for label in _ORDER:
            file = folder / str(index) / label.upper()
            if file.is_file():
                yield index, label, file.read_bytes().decode("utf-8")
