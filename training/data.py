"""Reads the source data, holds out premises, cleans the explanations, and counts everything it does."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.settings import DATA, LABELS

_LETTERS = {"e": "entailment", "n": "neutral", "c": "contradiction"}
# Of 1000 hash values: which premises are for choices ("dev"), which are read once at the end ("report").
_SPLITS_SNLI_EXPLAINED = {"dev": range(0, 40), "report": range(40, 90)}
_SPLITS_MNLI = {"dev": range(0, 50), "report": range(50, 150)}


@dataclass
class Pair:
    """A premise and a hypothesis with the gold label, and explanations per label where the source has them."""

    premise: str
    hypothesis: str
    label: str
    source: str
    human: list[str] = field(default_factory=list)  # explanations of the gold label
    machine: dict[str, str] = field(default_factory=dict)  # one per label, where it passed the filter
    votes: tuple[int, ...] | None = None  # annotators per label, in the order of LABELS, where the source has them
    answers: tuple[float, ...] = ()  # how annotators would answer: from votes, or from what the gold label implies


@dataclass
class Corpus:
    """All pairs by part, and the counts that go to the data recipe."""

    train: list[Pair]
    dev: list[Pair]
    report: list[Pair]
    counts: dict[str, int]
    # How annotators answer, in the order of LABELS, where the gold label is the key: from the train pairs with votes.
    usual: dict[str, tuple[float, ...]]


def normalise(text: str) -> str:
    """The form in which texts are compared: letters and digits only, lower case, single spaces."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def tidy(text: str) -> str:
    """One line, plain apostrophes and quotes, single spaces."""
    for fancy, plain in (("’", "'"), ("‘", "'"), ("`", "'"), ("“", '"'), ("”", '"'), ("''", '"')):
        text = text.replace(fancy, plain)
    return " ".join(text.split())


def held_out_premises(data: Path = DATA) -> set[str]:
    """Normalised premises that must never be trained on: those of all of ChaosNLI, VariErr, the 341, MNLI dev."""
    held: set[str] = set()
    for path in sorted((data / "chaosnli").glob("*.jsonl")):
        for row in _jsonl(path):
            example = row.get("example", row)
            held.update(normalise(str(example[key])) for key in ("premise", "obs1") if key in example)
    for name, key in (("varierr/varierr.jsonl", "context"), ("mjd_estimator/instances.jsonl", "premise")):
        held.update(normalise(str(row[key])) for row in _jsonl(data / name))
    held.update(normalise(premise) for premise, _, _ in mnli_matched(data))
    return held


def mnli_matched(data: Path = DATA) -> Iterator[tuple[str, str, str]]:
    """(premise, hypothesis, gold) of MNLI's matched dev part: for measuring only."""
    for row in _jsonl(data / "mnli" / "mnli_dev_matched.jsonl"):
        premise = row.get("sentence1", row.get("premise"))
        hypothesis = row.get("sentence2", row.get("hypothesis"))
        gold = str(row.get("gold_label", row.get("gold", row.get("label"))))
        yield str(premise), str(hypothesis), _LETTERS.get(gold, gold)


def load(data: Path = DATA) -> Corpus:
    """Read, hold out, filter and split; the same every time."""
    held = held_out_premises(data)
    counts: Counter[str] = Counter({"held-out premises": len(held)})
    parts: dict[str, list[Pair]] = {"train": [], "dev": [], "report": []}
    # A premise of the explained part that is for dev or report is so in every other source too.
    reserved: set[str] = set()
    for pair in _explained(data, counts):
        premise = normalise(pair.premise)
        if premise in held:
            counts["snli_explained: pairs held out"] += 1
            continue
        part = _part(premise, _SPLITS_SNLI_EXPLAINED)
        if part != "train":
            reserved.add(premise)
        parts[part].append(pair)
    for name in ("snli", "mnli"):
        for row in _jsonl(data / "nli_train" / f"{name}_train_pairs.jsonl.gz"):
            premise = normalise(row["premise"])
            if premise in held or premise in reserved:
                counts[f"nli_train {name}: pairs held out"] += 1
                continue
            part = _part(premise, _SPLITS_MNLI) if name == "mnli" else "train"
            parts[part].append(Pair(tidy(row["premise"]), tidy(row["hypothesis"]), _LETTERS[row["label"]], name))
    votes = _annotators(data)
    for part, pairs in parts.items():
        for pair in pairs:
            if pair.source == "snli_explained":
                pair.votes = votes.get((normalise(pair.premise), normalise(pair.hypothesis)))
        counts[f"{part}: pairs with annotators' labels"] = sum(pair.votes is not None for pair in pairs)
        for source, number in sorted(Counter(pair.source for pair in pairs).items()):
            counts[f"{part}: pairs of {source}"] = number
    usual = _usual(parts["train"])
    for pair in (pair for pairs in parts.values() for pair in pairs):
        pair.answers = _answers(pair, usual[pair.label])
    return Corpus(parts["train"], parts["dev"], parts["report"], dict(counts), usual)


def _annotators(data: Path) -> dict[tuple[str, str], tuple[int, ...]]:
    """The labels of SNLI's annotators, which are at hand for the hard part of its test set."""
    found = {}
    for row in _jsonl(data / "snli_hard" / "snli_1.0_test_hard.jsonl.gz"):
        key = normalise(tidy(row["sentence1"])), normalise(tidy(row["sentence2"]))
        found[key] = tuple(row["annotator_labels"].count(label) for label in LABELS)
    return found


def _usual(pairs: list[Pair]) -> dict[str, tuple[float, ...]]:
    sums = {label: [0.0] * len(LABELS) for label in LABELS}
    for pair in pairs:
        for at, number in enumerate(pair.votes or ()):
            sums[pair.label][at] += number
    return {label: tuple(number / (sum(row) or 1.0) for number in row) for label, row in sums.items()}


def _answers(pair: Pair, usual: tuple[float, ...]) -> tuple[float, ...]:
    """The pair's votes with one more, shared out as usual for its gold label; without votes the latter alone."""
    votes = pair.votes or (0,) * len(LABELS)
    return tuple((number + share) / (sum(votes) + 1) for number, share in zip(votes, usual, strict=True))


def _explained(data: Path, counts: Counter[str]) -> Iterator[Pair]:
    for name in ("dev", "test"):
        with gzip.open(data / "snli_explained" / f"snli_{name}.csv.gz", "rt", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                if row["gold_label"] not in LABELS:
                    counts["snli_explained: pairs without gold label"] += 1
                    continue
                pair = Pair(tidy(row["sentence1"]), tidy(row["sentence2"]), row["gold_label"], "snli_explained")
                seen: set[str] = set()
                for number in (1, 2, 3):
                    text = _kept(row[f"Explanation_{number}"], pair, seen, counts, "human")
                    if text:
                        pair.human.append(text)
                for label in LABELS:
                    text = _kept(row[f"{label}_explanation"], pair, seen, counts, "machine")
                    if text:
                        pair.machine[label] = text
                yield pair


def _kept(raw: str, pair: Pair, seen: set[str], counts: Counter[str], kind: str) -> str | None:
    """The cleaned explanation, or None (and a count of the reason) if it says nothing of its own."""
    text = tidy(raw)
    reason = fault(normalise(text), pair, seen)
    if reason:
        counts[f"{kind} explanations dropped: {reason}"] += 1
        return None
    seen.add(normalise(text))
    counts[f"{kind} explanations kept"] += 1
    return text[0].upper() + text[1:]


def fault(plain: str, pair: Pair, seen: set[str]) -> str | None:
    """Why an explanation (in the form of `normalise`) says nothing of its own; None if it does."""
    words = plain.split()
    premise, hypothesis = normalise(pair.premise), normalise(pair.hypothesis)
    if len(words) < 4 or len(words) > 60:
        return "shorter than 4 or longer than 60 words"
    if plain in seen:
        return "repeats another of the pair"
    if plain in (premise, hypothesis):
        return "copies premise or hypothesis"
    if premise in plain and hypothesis in plain and len(words) < len((premise + hypothesis).split()) + 9:
        return "template of whole premise and hypothesis"
    if len(words) >= 9 and len(set(words)) / len(words) < 0.45:
        return "repeats its own words"
    halves = re.split(r" (?:is not|are not|is|are|does not mean|doesn t mean|means|implies) ", plain, maxsplit=1)
    if len(halves) == 2 and re.sub(r"^(?:just because|not all|a|the) ", "", halves[0]) == halves[1]:
        return "says that something is, or is not, itself"
    return None


def _part(premise: str, ranges: dict[str, range]) -> str:
    number = int.from_bytes(hashlib.sha256(premise.encode()).digest()[:4], "big") % 1000
    return next((name for name, values in ranges.items() if number in values), "train")


def _jsonl(path: Path) -> Iterator[dict[str, Any]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    # Not splitlines(): texts may contain other line separators.
    yield from (json.loads(line) for line in text.split("\n") if line)


if __name__ == "__main__":
    corpus = load()
    usual = {label: [round(share, 3) for share in row] for label, row in corpus.usual.items()}
    print(json.dumps(corpus.counts | {f"annotators' answers where gold is {k}": v for k, v in usual.items()}, indent=1))
