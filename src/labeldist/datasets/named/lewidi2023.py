"""Le-Wi-Di 2023 (Leonardelli et al. 2023): MD-Agreement and HS-Brexit, posts with the label of every annotator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError
from labeldist.datasets.catalog import Facts, Folders, converted, dataset
from labeldist.datasets.documents import document_rows
from labeldist.datasets.jsonl import Rows

_LEWIDI = "Leonardelli, Abercrombie, Almanea et al. SemEval-2023 Task 11: Learning With Disagreements. SemEval 2023."
_HOME = "https://github.com/Le-Wi-Di/le-wi-di.github.io"
_KEPT = ("lang", "hard_label", "other_info")


def _facts(
    name: str, published: str, title: str, rows: tuple[int, int, int], labels: str, task: str, cite: str, note: str
) -> Facts:
    files = zip(("train", "dev", "test"), (".json.gz", ".json", ".json"), rows, strict=True)
    return Facts(
        name=name,
        title=title,
        splits={split: {f"lewidi2023/{published}_{split}{suffix}": count} for split, suffix, count in files},
        default_split="dev",
        labels=labels,
        reference="none; --reference-annotators makes one of some of the annotators",
        licence="not stated in the shared task's files",
        citation=f"{cite} {_LEWIDI}",
        home=_HOME,
        task=task,
        repeated_labels="each",  # at one item of MD-Agreement: the published soft labels count both
        note="Handed out by the shared task without a checksum: put its JSON files into the folder lewidi2023 of the "
        f"data folder, the training file gzipped. {note}",
    )


@dataset(
    _facts(
        "md-agreement",
        "MD-Agreement",
        "MD-Agreement: posts judged for offensiveness",
        (6592, 1104, 3057),
        "5, of 800 annotators",
        "offensiveness",
        "Leonardelli, Menini, Palmero Aprosio, Guerini, Tonelli. Agreeing to Disagree. EMNLP 2021.",
        "Ann448 stands twice at item 2038 of test: both labels are kept, as in soft_label, and held out together.",
    )
)
def md_agreement(path: Path, split: str, folders: Folders) -> Rows:
    """Items ``md-dev-1`` and so on; annotators by their published names."""
    return converted(document_rows(path), lambda row, line: _row("md", split, row))


@dataset(
    _facts(
        "hs-brexit",
        "HS-Brexit",
        "HS-Brexit: posts on Brexit judged for hate speech",
        (784, 168, 168),
        "6: 3 of a target group (Muslim immigrants), 3 of a control group",
        "hate-speech",
        "Akhtar, Basile, Patti. Whose Opinions Matter? 2021. arXiv:2106.15896",
        "At a tie (84 items of three against three) the column hard_label was drawn by chance.",
    )
)
def hs_brexit(path: Path, split: str, folders: Folders) -> Rows:
    """Items ``hs-dev-1`` and so on; annotators ``target/Ann1`` and so on, ``control/Ann4`` and so on."""
    return converted(document_rows(path), lambda row, line: _row("hs", split, row))


def _row(name: str, split: str, row: Mapping[str, Any]) -> dict[str, Any]:
    annotators, given = row["annotators"].split(","), row["annotations"].split(",")
    groups = row["other_info"].get("annotators group")
    if groups is not None:
        kinds = [row["other_info"][group].split()[0] for group in groups.split(",")]
        annotators = [f"{kind}/{annotator}" for kind, annotator in zip(kinds, annotators, strict=True)]
    if len(annotators) != len(given):
        raise InputError(f"{len(given)} labels of {len(annotators)} annotators", expected="one of each")
    return {
        "id": f"{name}-{split}-{row['id']}",
        "text": row["text"],
        "labels": [{"annotator": who, "label": label} for who, label in zip(annotators, given, strict=True)],
        **{key: row[key] for key in _KEPT if key in row},
    }
