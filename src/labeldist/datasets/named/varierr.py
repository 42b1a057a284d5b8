"""VariErr NLI (Weber-Genzel et al. 2024): 500 MNLI items, four annotators who explain each label that they give."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labeldist.datasets.catalog import Download, Facts, Folders, converted, dataset
from labeldist.datasets.evade import NOTE, PairEvidence, evade_evidence, pair
from labeldist.datasets.jsonl import Rows, json_rows

_LABELS = ("entailment", "neutral", "contradiction")

FACTS = Facts(
    name="varierr",
    title="VariErr NLI: 500 MNLI items with explained labels and judgments of their validity",
    splits={"all": {"varierr/varierr.jsonl": 500}},
    default_split="all",
    labels="1-6 of 4 annotators, who may give several labels or none (round 1)",
    reference="counts of 100 annotators (ChaosNLI)",
    licence="not stated by the repository; reference from ChaosNLI, CC BY-NC 4.0",
    citation="Weber-Genzel, Peng, de Marneffe, Plank. VariErr NLI: Separating Annotation Error from Human Label "
    "Variation. ACL 2024. arXiv:2403.01931",
    home="https://github.com/mainlp/VariErr-NLI",
    task="nli",
    downloads=(
        Download(
            "https://raw.githubusercontent.com/mainlp/VariErr-NLI/b2cbdd3bc3ca2a618fc16ac078f471623152c923/varierr.json",
            sha256="c8f9a634a69d72a6c390047ac242562b80a8caac08db19714db3f98bd40e13ea",
            path="varierr/varierr.jsonl",
        ),
    ),
    note=f"Where an annotator gave several labels, each counts: 73 items have such. {NOTE}",
    repeated_labels="each",  # annotators were asked for every label that fits
)


@dataset(FACTS)
def rows(path: Path, split: str, folders: Folders) -> Rows:
    """Annotators ``varierr/0`` to ``varierr/3``, as numbered in the file; one explanation for each of their labels.

    ``judgments`` holds for each explanation, in the same order, what the annotators said of it in round 2. EVADE's
    scores are evidence, where they are at hand.
    """
    evidence = evade_evidence(folders)
    return converted(json_rows(path), lambda row, line: _row(row, evidence))


def _row(row: Mapping[str, Any], evidence: PairEvidence) -> dict[str, Any]:
    given = [(label, entry) for label in _LABELS for entry in row[label]]
    kept = {
        key: value for key, value in row.items() if key not in ("context", "statement", "chaosnli_labels", *_LABELS)
    }
    return kept | {
        "premise": row["context"],
        "hypothesis": row["statement"],
        "labels": [{"annotator": f"varierr/{entry['annotator']}", "label": label} for label, entry in given],
        "explanations": [{"label": label, "text": entry["reason"], "source": "human"} for label, entry in given],
        "judgments": [
            {"label": label} | {key: value for key, value in entry.items() if key != "reason"} for label, entry in given
        ],
        "evidence": evidence.get(pair(row["context"], row["statement"])),
        "reference": row["chaosnli_labels"],
    }
