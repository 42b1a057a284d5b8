"""XNLI (Conneau et al. 2018) with its five labels per item, in several languages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from labeldist.datasets.catalog import Facts, Folders, annotated, converted, dataset
from labeldist.datasets.jsonl import Rows, json_rows

_ROWS = {"dev": 2490, "test": 5010}
_LANGUAGES = {"dev": ("en", "ko", "ur", "sw"), "test": ("en", "ko", "ur", "sw", "es", "eu")}

FACTS = Facts(
    name="xnli",
    title="XNLI: the same items in several languages, 5 labels each",
    splits={
        f"{split}-{language}": {f"xnli/xnli_{split}_multilingual_5labels.jsonl.gz": rows}
        for split, rows in _ROWS.items()
        for language in _LANGUAGES[split]
    },
    default_split="test-en",
    labels="5, annotators anonymous, who saw the English text",
    reference="none; --reference-annotators makes one of some of the annotators",
    licence="CC BY-NC 4.0; extensions as their authors say",
    citation="Conneau, Rinott, Lample, Williams, Bowman, Schwenk, Stoyanov. XNLI: Evaluating Cross-lingual Sentence "
    "Representations. EMNLP 2018. arXiv:1809.05053",
    home="https://github.com/facebookresearch/XNLI",
    task="nli-multilingual",
    note="The files with five labels and aligned texts have no public home of their own. The labels were given to the "
    "English texts and are the same in every language. The column gold_label has the published label, which for 402 of "
    "the 7500 items is not the most frequent one.",
)


@dataset(FACTS)
def rows(path: Path, split: str, folders: Folders) -> Rows:
    """Items ``xnli-test-4-ko`` and so on; annotators ``xnli/1`` to ``xnli/5``."""
    part, _, language = split.partition("-")
    return converted(json_rows(path), partial(_row, part, language))


def _row(part: str, language: str, row: Mapping[str, Any], line: int) -> dict[str, Any]:
    premise, hypothesis = row["text"][language]
    return {
        "id": f"xnli-{part}-{row['pairID']}-{language}",
        "premise": premise,
        "hypothesis": hypothesis,
        "labels": annotated("xnli", row["annotator_labels"]),
        "genre": row["genre"],
        "gold_label": row["label"],
    }
