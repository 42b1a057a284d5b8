"""Gold accuracy without explanations on held-out SNLI and MNLI pairs, and likelihood of annotators' labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from training.data import Pair
from training.settings import LABELS

from benchmarks.embedded.held_out import MNLI, SNLI, items_of, matched_pairs, report_pairs
from benchmarks.embedded.judging import ALL, judged
from benchmarks.embedded.markdown import number, percent, table
from benchmarks.embedded.setup import Setup, opened
from labeldist.judging.pool import Pooled
from labeldist.tasks.load import load_task

# MNLI's dev part is large, and the order of the options matters little: see "spread over orders" of the others.
ONE_ORDER = "balanced:1"


def measure(setup: Setup) -> dict[str, Any]:
    """One entry per set of pairs, and one for the pairs whose annotators' labels are known."""
    sets = {
        "SNLI, held-out premises": (report_pairs(SNLI, setup.limit), ALL),
        "MNLI train, held-out premises": (report_pairs(MNLI, setup.limit), ALL),
        "MNLI matched dev": (matched_pairs(setup.limit), ONE_ORDER),
    }
    task = load_task("nli")
    result: dict[str, Any] = {"sets": {}}
    with opened(setup.model) as model:
        for name, (pairs, orders) in sets.items():
            asked = [(item, ()) for item in items_of(pairs, name)]
            mjds = judged(f"accuracy, {name}", asked, task, model, orders)
            result["sets"][name] = figures(pairs, mjds)
            voted = [(pair, mjd) for pair, mjd in zip(pairs, mjds, strict=True) if pair.votes]
            if voted:
                result["annotators' labels"] = against_votes(voted) | {"set": name}
    return result


def figures(pairs: Sequence[Pair], mjds: Sequence[Pooled]) -> dict[str, Any]:
    """Accuracy, likelihood, confidence and mass of the MJDs of ``pairs``."""
    pooled = np.array([mjd.distribution.probabilities for mjd in mjds])
    gold = np.array([LABELS.index(pair.label) for pair in pairs])
    right = pooled.argmax(1) == gold
    spread = np.array([mjd.spread for mjd in mjds])
    orders = mjds[0].orders
    return {
        "pairs": len(pairs),
        "orders": orders,
        "accuracy": round(float(right.mean()), 4),
        "standard error": round(float(right.std() / math.sqrt(len(pairs))), 4),
        "nll": round(float(-np.log(np.clip(pooled[np.arange(len(gold)), gold], 1e-10, 1)).mean()), 4),
        "mean confidence": round(float(pooled.max(1).mean()), 4),
        "mean prediction": dict(zip(LABELS, pooled.mean(0).round(4).tolist(), strict=True)),
        "recall": {
            label: round(float(right[gold == at].mean()), 4) for at, label in enumerate(LABELS) if (gold == at).any()
        },
        "mass": round(float(np.mean([mjd.answer_mass for mjd in mjds])), 5),
        "smallest mass": round(min(mjd.answer_mass for mjd in mjds), 5),
        "spread over orders": None if orders == 1 else round(float(spread.mean()), 4),
    }


def against_votes(voted: Sequence[tuple[Pair, Pooled]]) -> dict[str, Any]:
    """Mean cross-entropy per pair of the MJD against the annotators' relative frequencies, beside what bounds it."""
    votes = np.array([pair.votes for pair, _ in voted], dtype=np.float64)
    frequencies = votes / votes.sum(1, keepdims=True)
    pooled = np.clip([mjd.distribution.probabilities for _, mjd in voted], 1e-10, 1)
    each = -(frequencies * np.log(pooled)).sum(1)
    surprise = -np.log(np.where(frequencies > 0, frequencies, 1))
    return {
        "pairs": len(voted),
        "cross-entropy": round(float(each.mean()), 4),
        "standard error": round(float(each.std() / math.sqrt(len(voted))), 4),
        "entropy of the labels": round(float((frequencies * surprise).sum(1).mean()), 4),
    }


def rendered(result: dict[str, Any]) -> str:
    """The table of the model card."""
    titles = ["question without explanations", "pairs", "orders", "accuracy", "nll", "confidence", "mass"]
    rows = [
        [
            name,
            f"{row['pairs']:,}",
            str(row["orders"]),
            f"{percent(row['accuracy'])} ({percent(row['standard error'])})",
            number(row["nll"]),
            number(row["mean confidence"]),
            number(row["mass"], 4),
        ]
        for name, row in result["sets"].items()
    ]
    text = table(titles, rows)
    if votes := result.get("annotators' labels"):
        text += (
            f"\n\nAgainst the labels of single annotators ({votes['pairs']:,} pairs of {votes['set']}): cross-entropy "
            f"{number(votes['cross-entropy'])} (standard error {number(votes['standard error'])}; the labels' own "
            f"entropy: {number(votes['entropy of the labels'])})."
        )
    return text
