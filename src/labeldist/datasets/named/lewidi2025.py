"""Le-Wi-Di 2025 (third edition): sarcasm, irony, paraphrases and natural language inference, every annotator kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError
from labeldist.datasets.catalog import Facts, Folders, converted, dataset
from labeldist.datasets.documents import document_rows
from labeldist.datasets.jsonl import Rows

_CITATION = "Leonardelli, Casola, Peng et al. LeWiDi-2025 at NLPerspectives: The Third Edition of the Learning with "
_CITATION += "Disagreements Shared Task. NLPerspectives 2025. arXiv:2510.08460"
# In the order of the shared task's files.
_TEXTS = {
    "contradiction": "false (contradiction)",
    "entailment": "true (entailment)",
    "neutral": "undetermined (neutral)",
}


def _facts(
    name: str, published: str, title: str, rows: Mapping[str, int], labels: str, task: str, note: str = ""
) -> Facts:
    return Facts(
        name=name,
        title=title,
        splits={split: {f"lewidi2025/{published}_{split}.json": count} for split, count in rows.items()},
        default_split="dev",
        labels=labels,
        reference="none; --reference-annotators makes one of some of the annotators",
        licence="not stated in the shared task's files",
        citation=_CITATION,
        home="https://le-wi-di.github.io",
        task=task,
        note="Handed out by the shared task without a checksum: put its JSON files into the folder lewidi2025 of the "
        f"data folder. {note}".strip(),
    )


@dataset(
    _facts(
        "lewidi-csc",
        "CSC",
        "Le-Wi-Di 2025: sarcasm of responses, from 1 to 6",
        {"dev": 704, "test": 704},
        "4 or 6",
        "sarcasm",
        note="Four responses stand both in dev and in test.",
    )
)
def csc(path: Path, split: str, folders: Folders) -> Rows:
    """Items ``csc-dev-3944`` and so on; annotators by their published names."""
    return converted(document_rows(path), lambda row, line: _row("csc", split, row, ("context", "response")))


@dataset(
    _facts(
        "lewidi-mp",
        "MP",
        "Le-Wi-Di 2025: irony of replies in nine languages",
        {"dev": 3005, "test": 3756},
        "2 to 19",
        "irony",
    )
)
def mp(path: Path, split: str, folders: Folders) -> Rows:
    """Items ``mp-dev-2`` and so on; the language is in the column ``lang``."""
    return converted(document_rows(path), lambda row, line: _row("mp", split, row, ("post", "reply")))


@dataset(
    _facts(
        "lewidi-paraphrase",
        "Paraphrase",
        "Le-Wi-Di 2025: paraphrases among questions, from -5 to 5",
        {"train": 400, "dev": 50, "test": 50},
        "4, with explanations",
        "paraphrase",
    )
)
def paraphrase(path: Path, split: str, folders: Folders) -> Rows:
    """Items ``par-dev-108774`` and so on; each annotator's explanation is for his label."""

    def convert(row: Mapping[str, Any], line: int) -> dict[str, Any]:
        return {
            "id": f"par-{split}-{row['id']}",
            "question1": row["text"]["Question1"],
            "question2": row["text"]["Question2"],
            **_judged(row),
            "explanations": [
                {"label": label, "text": text.strip(), "source": "human"} for label, text in _explained(row)
            ],
        }

    return converted(document_rows(path), convert)


@dataset(
    _facts(
        "lewidi-varierr",
        "VariErrNLI",
        "Le-Wi-Di 2025: VariErr NLI, whether each label fits each item",
        {"train": 3 * 388, "dev": 3 * 50, "test": 3 * 50},
        "1 to 4 for each label",
        "nli-label-fits",
        note="An annotator may have chosen several labels, so each label is an item of its own: does it fit?",
    )
)
def varierr(path: Path, split: str, folders: Folders) -> Rows:
    """Items ``varierr-dev-49807-entailment`` and so on: who chose the label says yes, who did not says no.

    What the annotators wrote for the label explains yes; nobody wrote why a label does not fit.
    """
    for place, row in document_rows(path):
        if isinstance(row, InputError):
            yield place, row
            continue
        for name in _TEXTS:
            yield from converted(iter([(place, row)]), partial(_one_label, split, name))


def _one_label(split: str, name: str, row: Mapping[str, Any], line: int) -> dict[str, Any]:
    return {
        "id": f"varierr-{split}-{row['id']}-{name}",
        "premise": row["text"]["context"],
        "hypothesis": row["text"]["statement"],
        "label_text": _TEXTS[name],
        **_judged(row),
        "labels": [
            {"annotator": who, "label": "yes" if name in chosen.split(",") else "no"}
            for who, chosen in row["annotations"].items()
        ],
        "explanations": [
            {"label": "yes", "text": text.strip(), "source": "human"}
            for label, text in _explained(row)
            if label == name
        ],
        "soft_label": row["soft_label"][name],
    }


def _explained(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each label that an annotator chose, with his explanation: the files have them in the same order."""
    chosen = [label for labels in row["annotations"].values() for label in labels.split(",")]
    return list(zip(chosen, row["other_info"]["explanations"], strict=True))


def _row(name: str, split: str, row: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {
        "id": f"{name}-{split}-{row['id']}",
        **{field: row["text"][field] for field in fields},
        **_judged(row),
        "other_info": row["other_info"],
    }


def _judged(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is the same in all four: the labels, and the columns that are kept."""
    return {
        "labels": [{"annotator": who, "label": label} for who, label in row["annotations"].items()],
        "lewidi_id": row["id"],
        "soft_label": row["soft_label"],
        "lang": row["lang"],
    }
