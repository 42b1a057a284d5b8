"""Views for tests: any number of labels and items, drawn from a seed, and with hostile texts in every field."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

from labeldist.reports.view import FORMAT, View, ViewItem

NLI = ["entailment", "neutral", "contradiction"]
SENTENCE = (
    "a cyclist chained her bicycle to the railing outside the bakery and went in for two rolls while rain fell on "
    "the old market square where nobody had expected the fair to begin before noon"
)
WORDS = SENTENCE.split(" ")
BIG = "x" * 100_000
ATTACKS = [
    "<script>window.hit=1</script>",
    "</script><script>window.hit=1</script>",
    '"><img src=x onerror="window.hit=1">',
    "<!--<script>",
    "-->]]>",
    "{{ 7*7 }}{% raw %}",
    "${7*7}`",
    "' onmouseover='window.hit=1",
    "javascript:window.hit=1",
    "\u202egnp.exe\u2066",
    "a\x00b\x1b[31m",
    "line\u2028and\u2029more",
    "</style><style>*{display:none}</style>",
    "&lt;b&gt;&amp;",
    "\ud800half",
    "שלום עולם",
    "__proto__",
    "constructor",
    "</title></textarea></noscript>",
]


def make_view(
    labels: list[str] | None = None,
    items: int = 60,
    *,
    values: list[float] | None = None,
    reference: bool = True,
    model: bool = True,
    texts: bool = True,
    given: bool = True,
    seed: int = 7,
) -> View:
    """A view like those of real runs."""
    labels = labels or NLI
    draw = random.Random(seed)
    sets: list[Any] = [{"key": "labels", "name": "labels", "kind": "labels"}] if given else []
    if model:
        sets += [
            {"key": "free", "name": "MJD label-free", "kind": "model"},
            {"key": "guided", "name": "MJD label-guided", "kind": "model"},
        ]
    sets.append({"key": "posterior", "name": "posterior", "kind": "posterior"})
    if reference:
        sets.append({"key": "reference", "name": "reference", "kind": "reference"})
    made = [_item(draw, place, labels, {one["key"] for one in sets}, texts=texts) for place in range(items)]
    total = [sum(item["label_counts"][label] for item in made) for label in range(len(labels))]
    everything = sum(total)
    return {
        "format": FORMAT,
        "labeldist": "0.1.0",
        "title": "Do people agree that one sentence follows from another?",
        "about": [
            f"{items:,} items of demo, labelled by 5 people each, and what many people would say of them.",
            "A model's judgments were combined with the labels; every estimate comes with how far it may be off.",
        ],
        "labels": labels,
        "values": values,
        "sets": sets,
        "main": "posterior",
        "model": "free" if model else None,
        "interval_mass": 0.9,
        "facts": {
            "items": items,
            "annotators": 7 if given else 0,
            "labels": everything,
            "labels_per_item": {"5": items} if given else {},
            "with_reference": items if reference else 0,
            "label_shares": [count / everything if everything else None for count in total],
            "alpha": {"value": 0.4127, "low": 0.3331, "high": 0.4902} if given else None,
            "unanimous": {"value": 0.2917, "low": 0.1667, "high": 0.4167} if given else None,
            "saves": [
                {
                    "evidence": ["MJD label-guided"],
                    "labels": 3.2419,
                    "low": 1.1,
                    "high": 6.04,
                    "in_words": "saves about 3.2 labels per item (90%: 1.1 to 6.0)",
                },
                {
                    "evidence": ["MJD label-free", "texts"],
                    "labels": 0.6,
                    "low": -0.2,
                    "high": 1.7,
                    "in_words": "saves about 0.6 labels per item (90%: −0.2 to 1.7)",
                },
            ]
            if model
            else [],
            "expected_kl": sum(item["expected_kl"] or 0 for item in made) / items,
            "expected_tvd": sum(item["expected_tvd"] or 0 for item in made) / items,
            "measured_kl": {"value": 0.1234567, "low": 0.1, "high": 0.15} if reference else None,
        },
        "in_short": ["On 48 items with a reference the posterior is off by KL 0.123, where 0.105 was expected."],
        "warnings": ["Results describe annotators like yours; other populations need reference labels."],
        "notes": ["Items are shown in the order of the file."],
        "calibrated": [
            "The posterior was calibrated on the labels: a mixture of three Dirichlet distributions, its weights "
            "learnt by leaving each item out.",
            "The evidence counts as much as it predicted of labels that it had not seen.",
        ],
        "shown": {"items": items, "of": items, "in_words": ""},
        "items": made,
        "annotators": _annotators(draw, labels) if given else None,
        "evaluation": _evaluation(draw, items, model=model) if reference else None,
        "calibration": _calibration(draw, labels, reference=reference),
        "learning_curve": _curve(reference=reference) if given else None,
        "experiments": [],
        "cost": [{"model": "embedded", "calls": 4123, "prompt_tokens": 1_204_331, "new_tokens": 20_112}]
        if model
        else [],
        "provenance": [
            ("Command", "labeldist run demo --out demo-run"),
            ("labeldist", "0.1.0"),
            ("Data", "48 demonstration items, CC0"),
            ("Model", "embedded, revision 4f1c09be2d"),
            ("Random seed", "0"),
        ],
    }


def dirichlet(draw: random.Random, weights: list[float]) -> list[float]:
    parts = [draw.gammavariate(weight, 1.0) + 1e-9 for weight in weights]
    return [part / sum(parts) for part in parts]


def _item(draw: random.Random, place: int, labels: list[str], keys: set[str], *, texts: bool) -> ViewItem:
    count = len(labels)
    truth = dirichlet(draw, [0.45 if count < 9 else 0.15] * count)
    number = draw.choice([3, 5, 5, 5, 9])
    given = draw.choices(range(count), truth, k=number) if "labels" in keys else []
    counts = [given.count(label) for label in range(count)]
    near = [share * 12 + 0.15 for share in truth]
    posterior = dirichlet(draw, [share * 30 + 0.1 for share in truth])
    distributions = {
        "labels": [one / number for one in counts],
        "free": dirichlet(draw, [share * 3 + 0.4 for share in truth]),
        "guided": dirichlet(draw, near),
        "posterior": posterior,
        "reference": [round(share * 100) / 100 for share in dirichlet(draw, [share * 60 + 0.05 for share in truth])],
    }
    width = draw.uniform(0.05, 0.2)
    error = draw.gammavariate(4, 0.03)
    differ = 1 - sum(one * (one - 1) for one in counts) / (number * (number - 1))
    prompt = "Which label fits?\n\nPremise: ...\nA) entailment\nB) neutral\n\nAnswer:"
    model = "free" in keys
    return {
        "id": f"demo-{place + 1:02}",
        "texts": {"premise": _sentence(draw, 14), "hypothesis": _sentence(draw, 7)} if texts else {},
        "label_counts": counts,
        "annotations": [(f"ann-{draw.randrange(7) + 1}", label) for label in given],
        "disagreement": differ if given else None,
        "expected_kl": error,
        "expected_tvd": error**0.5 / 2,
        "apart": sum(abs(a - b) for a, b in zip(distributions["labels"], distributions["free"], strict=True)) / 2
        if model and given
        else None,
        "distributions": {key: shares for key, shares in distributions.items() if key in keys},
        "intervals": {"posterior": [(max(0, share - width), min(1, share + width)) for share in posterior]},
        "orders": {
            "free": {"orders": 12, "spread": [0.05 * share for share in truth], "standard_error": [0.004] * count},
            "guided": {"orders": 12, "spread": None, "standard_error": None},
        }
        if model
        else {},
        "explanations": [
            {
                "label": label,
                "text": _sentence(draw, 12),
                "source": "embedded",
                "shown_to": ["free"] if label else ["free", "guided"],
            }
            for label in range(min(count, 4))
        ]
        if model
        else [],
        "prompts": {"free": prompt} if model else {},
        "cut": ["11 of 15 explanations"] if model and place % 5 == 0 else [],
    }


def _sentence(draw: random.Random, words: int) -> str:
    return " ".join(draw.choices(WORDS, k=words)).capitalize() + "."


def _annotators(draw: random.Random, labels: list[str]) -> Any:
    def person(place: int) -> Any:
        shares = dirichlet(draw, [4.0] * len(labels))
        out = place == 0
        return {
            "name": f"ann-{place + 1}",
            "items": 40,
            "labels": 40,
            "compared": 40,
            "agreement": draw.uniform(0.4, 0.7),
            "chance": 0.00002 if out else draw.uniform(0.1, 1),
            "stands_out": out,
            "label": labels[place % len(labels)],
            "chosen": 17,
            "expected": 9.4312,
            "shares": shares,
            "others": dirichlet(draw, [20.0] * len(labels)),
        }

    def group(name: str) -> Any:
        return {
            "name": name,
            "annotators": 3,
            "labels": 120,
            "shares": [
                {"value": share, "low": share - 0.04, "high": share + 0.04}
                for share in dirichlet(draw, [9.0] * len(labels))
            ],
            "difference": [
                {"value": gap, "low": gap - 0.06, "high": gap + 0.06}
                for gap in (draw.uniform(-0.15, 0.15) for _ in labels)
            ],
        }

    return {
        "people": [person(place) for place in range(7)],
        "of": 7,
        "by": "country",
        "groups": [group("DE"), group("IT")],
    }


METRICS = [
    ("kl", "KL", False),
    ("jsd", "JSD", False),
    ("tvd", "TVD", False),
    ("dcorr", "D.Corr", True),
    ("ce", "CE", False),
]


def _evaluation(draw: random.Random, items: int, *, model: bool) -> dict[str, Any]:
    def row(name: str, kind: str) -> dict[str, Any]:
        values = {name: draw.uniform(0.1, 0.9) for name, _, _ in METRICS}
        return {
            "name": name,
            "kind": kind,
            "items": items,
            "metrics": {
                name: {"value": value, "low": value * 0.9, "high": value * 1.1, "items": items}
                for name, value in values.items()
            },
        }

    names = [*(["MJD label-free", "MJD label-guided"] if model else []), "posterior"]
    rows = [row(name, "prediction") for name in names] + [
        row(name, "baseline") for name in ("uniform", "all 5 labels, + 0.5 per label", "all 5 labels, + 1 per label")
    ]
    rows[len(names)]["metrics"]["dcorr"] = {"value": None, "low": None, "high": None, "items": items}
    rows.append(row("50 against 50", "ceiling"))
    return {
        "task": "nli",
        "items": items,
        "resamples": 1000,
        "seed": 0,
        "metrics": [{"name": a, "title": b, "higher_is_better": c, "misleads": False} for a, b, c in METRICS],
        "votes": 100.0,
        "rows": rows,
        "left_out": {},
    }


def _calibration(draw: random.Random, labels: list[str], *, reference: bool) -> Any:
    name = "posterior" if reference else "prior"
    held = [(name, None), *((name, label) for label in labels[:3])]
    ends = {"held": 0.88, "low": 0.82, "high": 0.93}
    return {
        "against": "reference" if reference else "labels",
        "votes": 100.0 if reference else 5.0,
        "coverage": [
            {"set": name, "label": label, "mass": 0.9, **ends, "expected": 0.86, "shares": 144} for name, label in held
        ],
        "bins": [
            {
                "set": key,
                "predicted": at,
                "observed": min(1, max(0, at + draw.uniform(-0.08, 0.08))),
                "low": max(0, at - 0.12),
                "high": min(1, at + 0.12),
                "shares": 20,
            }
            for key in (["guided", name] if reference else [name])
            for at in (0.04, 0.15, 0.3, 0.5, 0.7, 0.86, 0.96)
        ],
        "in_words": ["Intervals of 90% held 88% of the shares: about as promised."],
    }


def _curve(*, reference: bool) -> Any:
    def point(labels: int, evidence: list[str], scale: float) -> Any:
        kl = scale / (labels + 2)
        tvd = (kl / 2) ** 0.5 / 1.5
        return {
            "labels": labels,
            "evidence": evidence,
            "kl": kl,
            "kl_low": kl * 0.8,
            "kl_high": kl * 1.25,
            "tvd": tvd,
            "tvd_low": tvd * 0.9,
            "tvd_high": tvd * 1.1,
        }

    predicted = [point(n, e, s) for e, s in (([], 0.9), (["MJD label-guided"], 0.55)) for n in (1, 2, 3, 5, 10, 20)]
    measured = [
        {"evidence": ["MJD label-guided"], "labels": 5.0, "references": 48, "kl": 0.0912, "expected_kl": 0.0786}
    ]
    return {
        "labels_now": 5.0,
        "predicted": predicted,
        "measured": measured if reference else [],
        "notes": ["Assumes further annotators like yours."],
    }


def labels_alone(items: int = 40) -> View:
    """Labels, and nothing that estimates: no posterior, no model, no reference."""
    view = make_view(items=items, model=False, reference=False)
    view["sets"] = view["sets"][:1]
    view["main"] = view["interval_mass"] = None
    view["facts"]["expected_kl"] = view["facts"]["expected_tvd"] = None
    view["calibration"] = view["learning_curve"] = None
    view["facts"]["measured_kl"] = None
    view["calibrated"] = view["in_short"] = []
    for item in view["items"]:
        item["distributions"] = {"labels": item["distributions"]["labels"]}
        item["intervals"] = {}
        item["expected_kl"] = item["expected_tvd"] = None
    return view


def with_experiment(view: View) -> View:
    """The view of an experiment beside its items."""
    interval = {"value": 0.3124, "low": 0.2811, "high": 0.3402, "items": 40}
    view["experiments"] = [
        {
            "title": "How many explanations?",
            "question": "Does the judge come closer to people with more explanations?",
            "columns": [{"name": "kl", "title": "KL", "higher_is_better": False, "misleads": False}],
            "cells": [
                {
                    "name": f"{number} each",
                    "section": "label-free",
                    "factors": {"number": number},
                    "values": {"kl": interval, "calls": interval},
                }
                for number in (1, 2, 4)
            ],
            "differences": [
                {
                    "cell": "4 each",
                    "minus": "1 each",
                    "column": "kl",
                    "value": -0.0432,
                    "low": -0.07,
                    "high": -0.01,
                    "items": 40,
                }
            ],
            "notes": ["Each cell has the same items."],
        }
    ]
    return view


def attacked(view: View) -> View:
    """The view with a hostile text in place of, or behind, every string that data or models can give."""
    known: dict[str, str] = {}

    def hostile(text: str) -> str:
        return known.setdefault(text, f"{ATTACKS[len(known) % len(ATTACKS)]} {text}")

    hit = copy.deepcopy(view)
    hit["page"] = {"number": 1, "files": ['re"port<b>.html', "javascript:window.hit=1", "a b#?%.html"]}
    made = _mapped(hit, hostile)
    made["items"][0]["texts"]["long"] = BIG
    made["items"][0]["id"] = BIG
    made["title"] += BIG
    for changed, experiment in zip(made["experiments"], view["experiments"], strict=True):
        for column, before in zip(changed["columns"], experiment["columns"], strict=True):
            column["name"] = before["name"]  # not shown, but looked up
    return made


FIXED = {"format", "kind", "against", "metrics", "left_out", "files"}


def _mapped(value: Any, change: Callable[[str], str], name: str = "") -> Any:
    if name in FIXED:
        return value
    if isinstance(value, str):
        return change(value) if name not in KEYS else value
    if isinstance(value, dict):
        return {key: _mapped(part, change, key) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(part, change, name) for part in value]
    return value


KEYS = {"key", "main", "model", "set", "shown_to", "column"}
