"""What a source already shows of the labels that evidence saves; nothing is asked for it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from labeldist.datasets.source import open_source
from labeldist.runs.doctor import saved_by_evidence

LABELS = ("entailment", "neutral", "contradiction")


def written(folder: Path, *, labels: bool, evidence: bool) -> str:
    generator = np.random.default_rng(0)
    lines = []
    for at, truth in enumerate(generator.dirichlet(np.ones(3), 200)):
        row: dict[str, object] = {"id": str(at), "premise": "It rains.", "hypothesis": "It is wet."}
        if labels:
            row["labels"] = dict(zip(LABELS, generator.multinomial(4, truth).tolist(), strict=True))
        if evidence:
            shares = dict(zip(LABELS, (0.7 * truth + 0.1).tolist(), strict=True))
            row["evidence"] = {"llm": {"distribution": shares, "saw_labels": False}}
        lines.append(json.dumps(row) + "\n")
    path = folder / "items.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    return str(path)


def test_evidence_that_items_carry(tmp_path: Path) -> None:
    saved = saved_by_evidence(open_source(written(tmp_path, labels=True, evidence=True)))
    assert saved is not None
    (savings,) = saved.savings
    assert savings.evidence == ("llm",)
    assert savings.low > 1
    assert saved.words[0] == "Evidence that the items carry: llm."
    assert saved.words[1] == f"The evidence {savings.in_words()}."


def test_without_evidence_it_says_how_to_find_out(tmp_path: Path) -> None:
    saved = saved_by_evidence(open_source(written(tmp_path, labels=True, evidence=False)))
    assert saved is not None
    assert saved.savings == ()
    assert "labeldist run items.jsonl --limit 100" in saved.words[0]


def test_without_labels_nothing_can_be_saved(tmp_path: Path) -> None:
    assert saved_by_evidence(open_source(written(tmp_path, labels=False, evidence=True))) is None
