"""Measures a model folder through the library's own runtime, on the report part and on MNLI's matched dev part.

    python -m training.measure               # the packaged model; writes training/measured.json

The report part is for this measurement only: no choice is made on it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeldist.models.embedded.model import EmbeddedModel, load
from training import data, examples, prompts
from training.compare_storage import prompt_speed
from training.data import Pair
from training.settings import CACHE, LABELS, PACKAGE, SEED, WORDS
from training.tokenizer import EOS_ID

NEW_TOKENS = 96
_ORDERS = [list(order) for order in itertools.permutations(WORDS.values())]

Floats = NDArray[np.float64]


class Judge:
    """Answer probabilities of a model at its own temperature, in the order of LABELS."""

    def __init__(self, model: EmbeddedModel) -> None:
        self.model = model
        self.words = [model.encode("", word)[1] for word in WORDS.values()]
        self.temperature = float(model.transform.partition(":")[2])

    def __call__(self, texts: list[str]) -> tuple[Floats, Floats]:
        """(probabilities (n, labels), probability mass of the words before renormalising (n,))."""
        scores = self.model.next_token_scores([self.model.encode(text) for text in texts], [self.words] * len(texts))
        logits = scores.logits.astype(np.float64)
        mass = np.exp(logits - scores.log_total[:, None]).sum(1)
        share = np.exp((logits - logits.max(1, keepdims=True)) / self.temperature)
        return share / share.sum(1, keepdims=True), mass

    def plain(self, pairs: list[Pair], orders: list[list[str]]) -> tuple[Floats, Floats]:
        """(n, orders, labels) and mass (n, orders) of the question without comments."""
        texts = [
            prompts.JUDGE_OPENING + prompts.judge_rest(pair.premise, pair.hypothesis, order)
            for pair in pairs
            for order in orders
        ]
        share, mass = self(texts)
        return share.reshape(len(pairs), len(orders), -1), mass.reshape(len(pairs), len(orders))


def accuracy(judge: Judge, pairs: list[Pair], orders: list[list[str]]) -> dict[str, Any]:
    """Accuracy, likelihood and calibration of the question without comments, pooled over orders of options."""
    share, mass = judge.plain(pairs, orders)
    pooled = share.mean(1)
    gold = np.array([LABELS.index(pair.label) for pair in pairs])
    right = pooled.argmax(1) == gold
    likelihood = -np.log(np.clip(pooled[np.arange(len(gold)), gold], 1e-10, 1)).mean()
    result = {
        "pairs": len(pairs),
        "orders": len(orders),
        "accuracy": round(float(right.mean()), 4),
        "accuracy, standard error": round(float(right.std() / math.sqrt(len(pairs))), 4),
        "nll": round(float(likelihood), 4),
        "mean confidence": round(float(pooled.max(1).mean()), 4),
        "mean prediction": dict(zip(LABELS, pooled.mean(0).round(4).tolist(), strict=True)),
        "recall": {label: round(float(right[gold == at].mean()), 4) for at, label in enumerate(LABELS)},
        "mass, mean": round(float(mass.mean()), 5),
        "mass, smallest": round(float(mass.min()), 5),
    }
    if len(orders) > 1:
        result["standard deviation of p over orders, mean"] = round(float(share.std(1).mean()), 4)
        firsts = share.argmax(2)
        result["share of pairs whose first choice depends on the order"] = round(
            float((firsts != firsts[:, :1]).any(1).mean()), 4
        )
    return result


def effect_of_comments(judge: Judge, pairs: list[Pair], seed: int) -> dict[str, Any]:
    """How adding explanations of label X moves p(X); options and explanations chosen by a fixed seed."""
    result: dict[str, Any] = {}
    for at, label in enumerate(LABELS):
        usable = [pair for pair in pairs if label in pair.machine]
        gold = np.array([pair.label == label for pair in usable])
        before = judge.plain(usable, [_ORDERS[0]])[0][:, 0, at]
        row: dict[str, Any] = {"pairs": len(usable), "p before": round(float(before.mean()), 4)}
        kinds = [("one implicit", 1, False), ("one explicit", 1, True), ("four implicit, repeated as needed", 4, False)]
        for name, number, explicit in kinds:
            after = judge(_commented(usable, [label] * number, seed, explicit))[0][:, at]
            row[f"{name}: mean change of p"] = round(float((after - before).mean()), 4)
            row[f"{name}: where X is gold"] = round(float((after - before)[gold].mean()), 4)
            row[f"{name}: where X is not gold"] = round(float((after - before)[~gold].mean()), 4)
            row[f"{name}: share of pairs where p rises"] = round(float((after > before).mean()), 4)
        result[label] = row
    return result


def _commented(pairs: list[Pair], labels: list[str], seed: int, explicit: bool) -> list[str]:
    texts = []
    for number, pair in enumerate(pairs):
        rng = random.Random(seed + number)
        one = examples.judgment_with(pair, labels, rng, explicit=explicit)
        head, _, _ = one.rest.partition("\nOptions:")
        texts.append(f"{one.opening}{head}\nOptions: {', '.join(_ORDERS[0])}. \nAnswer:")
    return texts


def lists(judge: Judge, pairs: list[Pair]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Form and effect of greedy explanation lists for every label, and the lists of the first pairs as samples."""
    model = judge.model
    asked = [(pair, label) for pair in pairs for label in LABELS]
    ids = [
        model.encode(prompts.explain_opening(label) + prompts.explain_rest(pair.premise, pair.hypothesis))
        for pair, label in asked
    ]
    texts = model.generate(ids, max_new_tokens=NEW_TOKENS)
    result: dict[str, Any] = {"pairs": len(pairs), "new tokens at most": NEW_TOKENS}
    before = judge.plain(pairs, [_ORDERS[0]])[0][:, 0]
    for at, label in enumerate(LABELS):
        chosen = [(pair, text) for (pair, its), text in zip(asked, texts, strict=True) if its == label]
        result[label] = _form(chosen) | _effect(judge, chosen, at, before[:, at])
    different = [len({data.normalise(text) for text in texts[at : at + 3]}) == 3 for at in range(0, len(texts), 3)]
    result["share of pairs whose three lists all differ"] = round(float(np.mean(different)), 4)
    ended = [len(model.encode(text)) < NEW_TOKENS for text in texts]
    result[f"share of lists shorter than {NEW_TOKENS} tokens"] = round(float(np.mean(ended)), 4)
    samples = [
        {
            "premise": pair.premise,
            "hypothesis": pair.hypothesis,
            "gold": pair.label,
            "lists": dict(zip(LABELS, texts[3 * at : 3 * at + 3], strict=True)),
        }
        for at, pair in enumerate(pairs[:12])
    ]
    return result, samples


def _items(text: str) -> list[str]:
    return [line.removeprefix("* ").strip() for line in text.splitlines() if line.startswith("* ")]


def _form(chosen: list[tuple[Pair, str]]) -> dict[str, Any]:
    counts, items, repeated, faults = [], 0, 0, Counter[str]()
    for pair, text in chosen:
        found = _items(text)
        counts.append(len(found))
        seen: set[str] = set()
        for item in found:
            items += 1
            plain = data.normalise(item)
            if plain in seen:
                repeated += 1
            elif fault := data.fault(plain, pair, set()):
                faults[fault] += 1
            seen.add(plain)
    return {
        "items per list": round(float(np.mean(counts)), 3),
        "lists without a marked item": int(np.sum(np.array(counts) == 0)),
        "share of lists with one item": round(float(np.mean(np.array(counts) == 1)), 4),
        "share of items that repeat an earlier one of the list": round(repeated / max(items, 1), 4),
        "share of further items that the data filter would drop": round(sum(faults.values()) / max(items, 1), 4),
        "reasons": dict(faults),
    }


def _effect(judge: Judge, chosen: list[tuple[Pair, str]], at: int, before: Floats) -> dict[str, Any]:
    """What the first generated item does to the judge's probability of the label it was generated for."""
    kept = [(pair, _items(text)[0], p) for (pair, text), p in zip(chosen, before, strict=True) if _items(text)]
    texts = [
        prompts.JUDGE_EXPLAINED_OPENING
        + prompts.judge_rest(pair.premise, pair.hypothesis, _ORDERS[0], [prompts.comment(1, item)])
        for pair, item, _ in kept
    ]
    change = judge(texts)[0][:, at] - np.array([p for _, _, p in kept])
    return {
        "first item as comment: mean change of the label's p": round(float(change.mean()), 4),
        "first item as comment: share of pairs where p rises": round(float((change > 0).mean()), 4),
    }


def perplexity(model: EmbeddedModel, pairs: list[Pair]) -> dict[str, float]:
    """Perplexity per token of the human explanation lists for the gold label, order as in the source."""
    total, tokens = 0.0, 0
    for pair in pairs:
        prompt = prompts.explain_opening(pair.label) + prompts.explain_rest(pair.premise, pair.hypothesis)
        start = model.encode(prompt)
        answer = [*model.encode("", "\n".join(f"* {text}" for text in pair.human))[1:], EOS_ID]
        whole = start + answer
        prefixes = [whole[:at] for at in range(len(start), len(whole))]
        scores = model.next_token_scores(prefixes, [[token] for token in answer])
        total -= float((scores.logits[:, 0] - scores.log_total).sum())
        tokens += len(answer)
    return {"pairs": len(pairs), "tokens": tokens, "perplexity": round(math.exp(total / tokens), 3)}


def speed(folder: Path, pairs: list[Pair]) -> dict[str, float]:
    """Loading, prompt tokens and decoded tokens per second, all cores, best of three."""
    begun = time.perf_counter()
    model = load(folder)
    loaded = time.perf_counter() - begun
    rng = random.Random(SEED)
    explained = [pair for pair in pairs if len(pair.machine) == 3]
    texts = [examples.explained(pair, rng) for pair in explained[:256]]
    ids = sorted((model.encode(one.opening + one.rest) for one in texts), key=len)
    ask = [
        model.encode(prompts.explain_opening(pair.label) + prompts.explain_rest(pair.premise, pair.hypothesis))
        for pair in explained[:48]
    ]
    decoded = 0.0
    for _ in range(3):
        begun = time.perf_counter()
        model.generate(ask, max_new_tokens=1)
        first = time.perf_counter() - begun
        begun = time.perf_counter()
        made = model.generate(ask, max_new_tokens=64)
        spent = time.perf_counter() - begun - first
        decoded = max(decoded, sum(len(model.encode(text)) for text in made) / spent)
    return {
        "load seconds": round(loaded, 3),
        "prompt tokens per second": round(prompt_speed(model.session, ids)),
        "decoded tokens per second, 48 at once": round(decoded),
    }


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=PACKAGE)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "measured.json")
    parser.add_argument("--part", choices=("report", "dev"), default="report", help="dev while choosing")
    parser.add_argument("--matched", type=int, default=9815, help="how many pairs of MNLI matched dev")
    options = parser.parse_args(arguments)
    corpus = data.load()
    pairs = corpus.report if options.part == "report" else corpus.dev
    snli = [pair for pair in pairs if pair.source == "snli_explained"]
    mnli = [pair for pair in pairs if pair.source == "mnli"]
    matched = [Pair(data.tidy(p), data.tidy(h), g, "matched") for p, h, g in data.mnli_matched() if g in LABELS]
    judge = Judge(load(options.folder))
    shuffled = random.Random(SEED).sample(snli, min(200, len(snli)))
    result: dict[str, Any] = {
        "part": options.part,
        "revision": judge.model.revision,
        "transform": judge.model.transform,
        "snli": accuracy(judge, snli, _ORDERS),
        "mnli": accuracy(judge, mnli, _ORDERS),
        "mnli matched dev": accuracy(judge, matched[: options.matched], _ORDERS[:1]),
        "comments": effect_of_comments(judge, snli, SEED),
    }
    result["lists"], samples = lists(judge, shuffled)
    result["perplexity"] = perplexity(judge.model, [pair for pair in shuffled if pair.human][:60])
    result["speed"] = speed(options.folder, corpus.train)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    # The samples quote the data, so they stay outside the repository.
    (CACHE / "samples.json").write_text(json.dumps(samples, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
