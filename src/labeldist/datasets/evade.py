"""EVADE (Zuo, Plank and Peng 2025): how valid large models find explanations of each label of VariErr's items.

The models explained every label themselves and then scored the explanations, without the annotators' labels: evidence
that saw no labels, for all 500 items of VariErr, the 341 of MJD-Estimator among them.

Zuo, Plank, Peng. EVADE: LLM-Based Explanation Generation and Validation for Error Detection in NLI. arXiv:2511.08949
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labeldist.datasets.catalog import Folders, companion

MODELS = ("llama3.3-70b", "qwen2.5-72b")
NOTE = (
    f"Where the data folder has {' and '.join(f'evade/{model}.jsonl' for model in MODELS)}, which fetch does not "
    "bring, each item has as evidence how valid these models find each label (EVADE authors' repository, "
    "arXiv:2511.08949)."
)

# For each (premise, hypothesis) the ``evidence`` of the Items contract.
PairEvidence = Mapping[tuple[str, str], Mapping[str, Any]]


def pair(premise: str, hypothesis: str) -> tuple[str, str]:
    """What evidence and items are matched by: the published files differ in the spaces around the texts.

    >>> pair("It rains. ", "It is wet.")
    ('It rains.', 'It is wet.')
    """
    return premise.strip(), hypothesis.strip()


def evade_evidence(folders: Folders) -> PairEvidence:
    """The evidence from those of EVADE's files that are in ``folders``; empty where there are none.

    >>> evade_evidence(Folders(()))
    {}
    """
    evidence: dict[tuple[str, str], dict[str, Any]] = {}
    for model in MODELS:
        path = folders.find(f"evade/{model}.jsonl")
        if path is not None:
            for row in companion(path, lambda row, line: _scored(row)):
                evidence.setdefault(row["pair"], {})[f"evade/{model}"] = {"scores": row["scores"], "saw_labels": False}
    return evidence


def _scored(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "pair": pair(row["premise"], row["hypothesis"]),
        "scores": {label: row["validity"][label] for label in "enc"},
    }
