"""Views made up for the tests of figures: all that a figure can show, of any number of labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from labeldist.reports.view import Kind, View

KINDS: tuple[Kind, ...] = ("labels", "model", "posterior", "reference")


def made_view(
    labels: Sequence[str],
    items: int = 12,
    *,
    kinds: Sequence[Kind] = KINDS,
    ordered: bool = False,
    ids: Sequence[str] = (),
    names: Sequence[str] = (),
    evidence: str = "llm",
) -> View:
    """A view of random distributions over ``labels``, the same at each call."""
    draw = np.random.default_rng(7)
    count = len(labels)
    truth = draw.dirichlet(np.full(count, 0.8), items)
    rows = []
    for at in range(items):
        counts = draw.multinomial(5, truth[at])
        posterior = (counts + 2 / count) / 7
        shares = {"labels": counts / 5, "model": 0.5 * truth[at] + 0.5 / count, "posterior": posterior}
        shares["reference"] = truth[at]
        rows.append(
            {
                "id": ids[at] if ids else f"item-{at}",
                "texts": {},
                "label_counts": counts.tolist(),
                "annotations": [],
                "disagreement": float(1 - np.square(counts / 5).sum()),
                "expected_kl": 0.1,
                "expected_tvd": 0.1,
                "apart": None,
                "distributions": {kind: shares[kind].tolist() for kind in kinds},
                "intervals": {
                    "posterior": [(max(share - 0.1, 0.0), min(share + 0.2, 1.0)) for share in posterior.tolist()]
                }
                if "posterior" in kinds
                else {},
                "orders": {},
                "explanations": [],
                "prompts": {},
                "cut": [],
            }
        )
    sets = [{"key": kind, "name": names[at] if names else kind, "kind": kind} for at, kind in enumerate(kinds)]
    return cast(
        View, {**_around(labels, evidence), "sets": sets, "items": rows, "values": [*range(count)] if ordered else None}
    )


def _around(labels: Sequence[str], evidence: str) -> dict[str, Any]:
    bins = [
        {
            "set": "posterior",
            "predicted": at / 5 + 0.1,
            "observed": at / 5 + 0.12,
            "low": at / 5,
            "high": at / 5 + 0.2,
            "shares": 9,
        }
        for at in range(5)
    ]
    coverage = [
        {
            "set": "posterior",
            "label": label,
            "mass": 0.9,
            "held": 0.85,
            "low": 0.7,
            "high": 0.95,
            "expected": 0.88,
            "shares": 40,
        }
        for label in (None, *labels)
    ]
    saves = [{"evidence": [evidence], "labels": 1.9, "low": 0.4, "high": 3.1, "in_words": ""}]
    curve = [
        {"labels": n, "evidence": names, "kl": top / (n + 2), "kl_low": top / (n + 3), "kl_high": top / (n + 1),
         "tvd": 1 / (n + 2), "tvd_low": 1 / (n + 3), "tvd_high": 1 / (n + 1)}
        for names, top in (([], 1.0), ([evidence], 0.6))
        for n in range(11)
    ]  # fmt: skip
    return {
        "labels": [*labels],
        "facts": {"saves": saves},
        "calibration": {"against": "reference", "votes": 20.0, "coverage": coverage, "bins": bins, "in_words": []},
        "learning_curve": {
            "labels_now": 5.0,
            "predicted": curve,
            "measured": [{"evidence": [], "labels": 5.0, "references": 40, "kl": 0.2, "expected_kl": 0.18}],
            "notes": [],
        },
    }
