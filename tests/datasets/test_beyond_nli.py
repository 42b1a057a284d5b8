"""The data sets beyond English NLI, against the published files read anew with nothing but json and csv."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from labeldist.core.item import Item
from labeldist.datasets.catalog import DATASETS
from labeldist.datasets.source import open_source

LABELS = ("entailment", "neutral", "contradiction")
LEWIDI_2023 = {"md-agreement": "MD-Agreement", "hs-brexit": "HS-Brexit"}
LEWIDI_2025 = {"lewidi-csc": "CSC", "lewidi-mp": "MP", "lewidi-paraphrase": "Paraphrase"}


@pytest.fixture(autouse=True)
def data(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    return shared_data


def read(source: str) -> list[Item]:
    return list(open_source(source).items())


def document(file: Path) -> Any:
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as opened:
        return json.load(opened)


def shares(item: Item, labels: list[str]) -> list[float]:
    counts = item.label_counts(labels)
    return [count / sum(counts) for count in counts]


def splits(name: str) -> list[tuple[str, Path]]:
    facts = DATASETS.get(name).facts
    return [(split, Path(next(iter(files)))) for split, files in facts.splits.items()]


@pytest.mark.parametrize("name", LEWIDI_2023)
def test_lewidi_2023_has_the_published_soft_labels(name: str, data: Path) -> None:
    for split, file in splits(name):
        published = document(data / file)
        items = read(f"{name}:{split}")
        labels = list(open_source(f"{name}:{split}").task.label_names)
        assert len(items) == len(published)
        for item, row in zip(items, published.values(), strict=True):
            assert item.fields["text"] == row["text"]
            assert shares(item, labels) == pytest.approx([row["soft_label"]["0"], row["soft_label"]["1"]], abs=0.006)
            assert [a.annotator.rpartition("/")[2] for a in item.labels] == row["annotators"].split(",")  # type: ignore[union-attr]


def test_hs_brexit_keeps_the_groups() -> None:
    for item in read("hs-brexit:train"):
        assert Counter(a.group for a in item.labels) == {"target": 3, "control": 3}


@pytest.mark.parametrize("name", LEWIDI_2025)
def test_lewidi_2025_has_the_published_soft_labels(name: str, data: Path) -> None:
    for split, file in splits(name):
        published = document(data / file)
        dataset = open_source(f"{name}:{split}")
        for item, row in zip(dataset.items(), published.values(), strict=True):
            counts = Counter(a.label for a in item.labels)
            for key, share in row["soft_label"].items():
                assert counts[dataset.task.canonical(key)] / len(item.labels) == pytest.approx(share, abs=0.011)


def test_lewidi_varierr_asks_of_each_label_whether_it_fits(data: Path) -> None:
    for split, file in splits("lewidi-varierr"):
        published = document(data / file)
        items = {item.id: item for item in read(f"lewidi-varierr:{split}")}
        assert len(items) == 3 * len(published)
        for key, row in published.items():
            for label, soft in row["soft_label"].items():
                item = items[f"varierr-{split}-{key}-{label}"]
                assert shares(item, ["no", "yes"]) == pytest.approx([soft["0"], soft["1"]], abs=0.011)


def test_paraphrases_have_their_annotators_explanations() -> None:
    items = read("lewidi-paraphrase:train")
    assert sum(len(item.explanations) for item in items) > 3.9 * len(items)
    for item in items:
        assert {one.label for one in item.explanations} <= {a.label for a in item.labels}


def test_varierr_explanations_are_those_of_the_original(data: Path) -> None:
    """Which label an explanation is for follows from its place only; the original file names the label."""
    original: dict[tuple[str, str], dict[str, set[str]]] = {}
    for line in (data / "varierr/varierr.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        reasons = {label: {entry["reason"].strip() for entry in row[label]} for label in LABELS}
        original[row["context"].strip(), row["statement"].strip()] = reasons
    explained = 0
    for split, _ in splits("lewidi-varierr"):
        for item in read(f"lewidi-varierr:{split}"):
            reasons = original[item.fields["premise"].strip(), item.fields["hypothesis"].strip()]
            assert all(one.text in reasons[item.id.rpartition("-")[2]] for one in item.explanations)
            assert [one.label for one in item.explanations] == [a.label for a in item.labels if a.label == "yes"]
            explained += len(item.explanations)
    assert explained == 1891


def test_an_annotator_that_stands_twice_keeps_both_labels() -> None:
    item = next(item for item in read("md-agreement:test") if item.id == "md-test-2038")
    assert [a.label for a in item.labels if a.annotator == "Ann448"] == ["not offensive", "not offensive"]
    assert len(item.labels) == 5


def test_other_columns_are_kept() -> None:
    assert "context+speaker" in read("lewidi-csc")[0].extra["other_info"]
    assert "language_variety" in read("lewidi-mp")[0].extra["other_info"]


@pytest.mark.parametrize(("name", "fewest", "most"), [("lewidi-csc", 4, 6), ("lewidi-mp", 2, 19)])
def test_the_facts_tell_how_many_annotators(name: str, fewest: int, most: int) -> None:
    found = {len(item.labels) for split, _ in splits(name) for item in read(f"{name}:{split}")}
    assert (min(found), max(found)) == (fewest, most)
    assert re.findall(r"\d+", DATASETS.get(name).facts.labels) == [str(fewest), str(most)]


def test_circa_has_every_judgement(data: Path) -> None:
    spelled = {"Yes": "yes", "No": "no", "Probably no": "probably no", "Other": "other",
               "Yes, subject to some conditions": "conditional yes", "Probably yes / sometimes yes": "probably yes",
               "In the middle, neither yes nor no": "in the middle",
               "I am not sure how X will interpret Y’s answer": "unsure"}  # fmt: skip
    for split in ("dev", "test"):
        with (data / f"circa/circa_data_{split}.tsv").open(encoding="utf-8", newline="") as file:
            published = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        for item, row in zip(read(f"circa:{split}"), published, strict=True):
            assert [a.label for a in item.labels] == [spelled[one] for one in row["judgements"].split("#")]
            assert item.fields["answer"] == row["answer-Y"]


def test_ocnli_loses_no_judgement(data: Path) -> None:
    published = [json.loads(line) for line in (data / "ocnli/dev.jsonl").read_text(encoding="utf-8").splitlines()]
    outside = 0
    for item, row in zip(read("ocnli"), published, strict=True):
        others = [one["label"] for one in item.extra.get("other_judgements", [])]
        outside += len(others)
        assert sorted([*(a.label for a in item.labels), *others]) == sorted(row[f"label{n}"] for n in range(5))
        majority = Counter(row[f"label{n}"] for n in range(5)).most_common(1)[0]
        if majority[1] >= 3 and row["label"] != "-":
            assert row["label"] == majority[0]
    assert outside == 46


def test_klue_has_author_and_annotators(data: Path) -> None:
    for item, row in zip(read("klue-nli"), document(data / "klue_nli/klue-nli-v1.1_dev.json"), strict=True):
        assert [a.label for a in item.labels] == [row["author"], *(row[f"label{n}"] for n in range(2, 6))]
        assert Counter(a.label for a in item.labels).most_common(1)[0][0] == row["gold_label"]


@pytest.mark.parametrize(("split", "languages"), [("dev", 4), ("test", 6)])
def test_xnli_is_the_same_items_in_every_language(split: str, languages: int, data: Path) -> None:
    with gzip.open(data / f"xnli/xnli_{split}_multilingual_5labels.jsonl.gz", "rt", encoding="utf-8") as file:
        published = [json.loads(line) for line in file]
    known = [name for name in DATASETS.get("xnli").facts.splits if name.startswith(split)]
    assert len(known) == languages
    for name in known:
        language = name.rpartition("-")[2]
        for item, row in zip(read(f"xnli:{name}"), published, strict=True):
            assert [item.fields["premise"], item.fields["hypothesis"]] == row["text"][language]
            assert list(item.label_counts(["entailment", "neutral", "contradiction"])) == [
                row["counts"][label] for label in "enc"
            ]
