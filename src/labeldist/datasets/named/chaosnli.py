"""ChaosNLI (Nie, Zhou, Bansal 2020): items of SNLI, MNLI and AbductiveNLI, each judged by 100 annotators.

Kept are texts, the original labels and the counts of the 100; entropy, majority and proportions follow from them.
ChaosNLI took only SNLI and MNLI items in which exactly 3 of the original labels agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labeldist.datasets.catalog import Download, Facts, Folders, Member, annotated, companion, converted, dataset
from labeldist.datasets.jsonl import Rows, json_rows

_CITATION = (
    "Nie, Zhou, Bansal. What Can We Learn from Collective Human Opinions on Natural Language Inference Data? "
    "EMNLP 2020. arXiv:2010.03532"
)
_HOME = "https://github.com/easonnie/ChaosNLI"
_ZIP = "https://www.dropbox.com/s/h4j7dqszmpt2679/chaosNLI_v1.0.zip?dl=1"
# The Dropbox file that the home names was reported deleted in 2026; this copy is pinned to a revision, and its
# checksums are those of the original files.
_COPY = "https://huggingface.co/datasets/earino/chaosnli/resolve/eb7cc18dbfa0f161d93a2b22c7856ca0faafcf2b/raw"
_EXPLAINED = "chaosnli/chaosnli_snli_explained.jsonl"


def _facts(
    name: str, title: str, file: str, rows: int, labels: str, download: Download, *, task: str = "nli", note: str = ""
) -> Facts:
    return Facts(
        name=name,
        title=title,
        splits={"all": {f"chaosnli/{file}": rows}},
        default_split="all",
        labels=labels,
        reference="counts of 100 annotators",
        licence="CC BY-NC 4.0",
        citation=_CITATION,
        home=_HOME,
        task=task,
        downloads=(download,),
        note=note,
    )


def _copy(file: str, sha256: str) -> Download:
    return Download(f"{_COPY}/{file}", sha256=sha256, path=f"chaosnli/{file}")


@dataset(
    _facts(
        "chaosnli-snli",
        "ChaosNLI-SNLI: 1514 SNLI items judged by 100 annotators",
        "chaosNLI_snli.jsonl",
        1514,
        "5 (SNLI; 4 for 7 items), annotators anonymous",
        _copy("chaosNLI_snli.jsonl", "99f9015ddda7d85f66a087452bc30d53974314fe27e7d589e2f41ad44bd509c1"),
        note=f"Explanations (e-SNLI human, NILE machine) are read from {_EXPLAINED} in the data folder where it is; "
        "that joined file has no public home.",
    )
)
def snli(path: Path, split: str, folders: Folders) -> Rows:
    """Annotators ``snli/1`` to ``snli/5``; explanations where the joined file is at hand."""
    explained = folders.find(_EXPLAINED)
    explanations = {}
    if explained is not None:
        found = companion(explained, lambda row, line: _explained_row(row))
        explanations = {row["uid"]: row["explanations"] for row in found}
    return converted(
        json_rows(path), lambda row, line: _nli_row("snli", row) | {"explanations": explanations.get(row["uid"], [])}
    )


@dataset(
    _facts(
        "chaosnli-mnli",
        "ChaosNLI-MNLI: 1599 MNLI (matched) items judged by 100 annotators",
        "chaosNLI_mnli_m.jsonl",
        1599,
        "5 (MNLI), annotators anonymous",
        _copy("chaosNLI_mnli_m.jsonl", "8eb49b589488e7b1a9ec95fb8a864bd50f0509b4f808eed0aed3f8167617664d"),
    )
)
def mnli(path: Path, split: str, folders: Folders) -> Rows:
    """Annotators ``mnli/1`` to ``mnli/5``."""
    return converted(json_rows(path), lambda row, line: _nli_row("mnli", row))


@dataset(
    _facts(
        "chaosnli-alpha",
        "ChaosNLI-alpha: 1532 AbductiveNLI items judged by 100 annotators",
        "chaosNLI_alphanli.jsonl",
        1532,
        "1 (the gold label of AbductiveNLI)",
        Download(
            _ZIP,
            members=(
                Member(
                    "chaosNLI_v1.0/chaosNLI_alphanli.jsonl",
                    "chaosnli/chaosNLI_alphanli.jsonl",
                    "f55817ecc11a02ba3030cd7d2c567d23843456809020723abad53f4fde024c9e",
                ),
            ),
        ),
        task="abductive-nli",
        note="The archive at Dropbox was reported deleted in 2026: if fetch fails, find chaosNLI_v1.0.zip through "
        f"{_HOME} and put chaosNLI_alphanli.jsonl into the folder chaosnli of the data folder.",
    )
)
def alpha(path: Path, split: str, folders: Folders) -> Rows:
    """The gold label of AbductiveNLI is annotator ``gold/1``."""
    return converted(json_rows(path), lambda row, line: _alpha_row(row))


def _nli_row(group: str, row: Mapping[str, Any]) -> dict[str, Any]:
    example = row["example"]
    return {
        "id": row["uid"],
        "premise": example["premise"],
        "hypothesis": example["hypothesis"],
        "labels": annotated(group, row["old_labels"]),
        "reference": dict(zip("enc", row["label_count"], strict=True)),
    }


def _alpha_row(row: Mapping[str, Any]) -> dict[str, Any]:
    example = row["example"]
    return {
        "id": row["uid"],
        **{field: example[field] for field in ("obs1", "obs2", "hyp1", "hyp2")},
        "labels": annotated("gold", [row["old_label"]]),
        "reference": dict(zip("12", row["label_count"], strict=True)),
    }


def _explained_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Three human explanations of the gold label, then one machine explanation of each label."""
    human = [
        {"label": row["gold_label"], "text": text, "source": "human"} for text in row["human_explanations_for_gold"]
    ]
    machine = [
        {"label": label, "text": text, "source": "nile"} for label, text in row["generated_explanations"].items()
    ]
    return {"uid": row["uid"], "explanations": human + machine}
