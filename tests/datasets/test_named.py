"""The named data sets against the published files, and both of their layouts."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Annotation, Item
from labeldist.core.registry import Registry
from labeldist.datasets.catalog import DATASETS, Facts, cache_folder, dataset, listing
from labeldist.datasets.read_report import ReadReport
from labeldist.datasets.source import Dataset, open_source
from labeldist.datasets.written_rows import item_to_row

NAMES = [
    "anli-r1",
    "anli-r2",
    "anli-r3",
    "chaosnli-alpha",
    "chaosnli-mnli",
    "chaosnli-snli",
    "mjd-estimator",
    "mnli",
    "snli",
    "varierr",
]
ENC = ("entailment", "neutral", "contradiction")


@pytest.fixture
def real(shared_data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    monkeypatch.setenv("LABELDIST_CACHE", str(tmp_path / "cache"))
    return shared_data


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder of data sets."""
    monkeypatch.setenv("LABELDIST_DATA", str(tmp_path))
    monkeypatch.setenv("LABELDIST_CACHE", str(tmp_path / "cache"))
    return tmp_path


def write(path: Path, *rows: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def read(path: Path) -> list[dict[str, Any]]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in text.splitlines()]


def items(source: str) -> list[Item]:
    return list(open_source(source).items())


def mean(found: list[Item], part: str) -> list[float]:
    labels = open_source("mjd-estimator").task.label_names
    rows = []
    for item in found:
        distribution = item.reference_distribution(labels)
        assert distribution is not None
        counts = item.label_counts(labels, part) if part != "reference" else ()
        rows.append(distribution.probabilities if part == "reference" else [c / sum(counts) for c in counts])
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def test_the_registry_holds_the_ten_named_sets() -> None:
    assert set(NAMES) <= set(DATASETS.names())


# Rows as counted by `wc -l` (and by the README of the data); labels as `min-max` per item.
REAL = {
    "mjd-estimator": (341, "9-9"),
    "mjd-estimator:dev": (629, "0-0"),
    "mjd-estimator:test": (629, "0-0"),
    "varierr": (500, "1-6"),
    "chaosnli-snli": (1514, "4-5"),
    "chaosnli-mnli": (1599, "5-5"),
    "chaosnli-alpha": (1532, "1-1"),
    "snli": (9842, "1-1"),
    "snli:test": (9824, "1-1"),
    "mnli": (9815, "1-1"),
    "mnli:train": (6495, "1-1"),
    "anli-r1": (1000, "3-4"),
    "anli-r1:test": (1000, "3-4"),
    "anli-r2": (1000, "3-4"),
    "anli-r2:test": (1000, "3-4"),
    "anli-r3": (1198, "3-4"),
    "anli-r3:test": (1200, "3-4"),
}


@pytest.mark.parametrize("source", REAL)
def test_every_row_of_a_real_set_comes_out(source: str, real: Path) -> None:
    dataset = open_source(source, on_error="skip")
    report = ReadReport()
    found = list(dataset.items(report))
    rows, labels = REAL[source]
    assert report.failures == []
    assert len(found) == len({item.id for item in found}) == rows
    numbers = [len(item.labels) for item in found]
    assert f"{min(numbers)}-{max(numbers)}" == labels
    for item in found:
        assert tuple(item.fields) == dataset.task.fields
        distribution = item.reference_distribution(dataset.task.label_names)
        assert distribution is None or sum(distribution.probabilities) == pytest.approx(1)
    has_reference = {item.reference is not None for item in found}
    assert dataset.about is not None
    assert has_reference == {dataset.about.reference != "none"}
    assert json.loads(json.dumps(item_to_row(found[0]))) == item_to_row(found[0])


@pytest.mark.slow
def test_the_training_extract_of_snli(real: Path) -> None:
    labels = Counter(item.labels[0].label for item in open_source("snli:train").items())
    assert [labels[label] for label in ENC] == [24_590, 24_626, 18_783]


def test_the_341_items(real: Path) -> None:
    found = items("mjd-estimator")
    raw = read(real / "mjd_estimator" / "instances.jsonl")
    assert mean(found, "reference") == pytest.approx([0.401, 0.387, 0.212], abs=5e-4)
    assert mean(found, "varierr") == pytest.approx([0.275, 0.515, 0.210], abs=5e-4)
    for number, (item, row) in enumerate(zip(found, raw, strict=True)):
        assert item.id == f"mjd-{number:03d}"
        assert item.fields == {"premise": row["premise"], "hypothesis": row["hypothesis"]}
        assert list(item.label_counts(ENC, "mnli")) == row["mnli labels"][1]
        assert list(item.label_counts(ENC, "varierr")) == row["varierr labels"]
        assert [item.reference[label] for label in ENC] == row["chaos probs"]  # type: ignore[index]
        assert [(e.text, e.label[0], e.source) for e in item.explanations] == [
            (text, label, "human") for text, label in row["comments"]
        ]
        # Exactly three of five agree, so the published majority label follows from the counts.
        assert (
            max(ENC, key=dict(zip(ENC, item.label_counts(ENC, "mnli"), strict=True)).__getitem__)[0]
            == (row["mnli labels"][0])
        )
    assert [a.annotator for a in found[0].labels] == [f"mnli/{n}" for n in range(1, 6)] + [
        f"varierr/{n}" for n in range(1, 5)
    ]


def test_the_raw_answers_are_byte_for_byte(real: Path) -> None:
    found = items("mjd-estimator")
    for model in ("llama3", "mixtral", "gpt4o"):
        raw = {
            (row["index"], row["label"]): row["output"] for row in read(real / f"mjd_estimator/raw/{model}.jsonl.gz")
        }
        answers = {
            (number, answer.label[0]): answer.text
            for number, item in enumerate(found)
            for answer in item.answers
            if answer.source == model
        }
        assert len(answers) == 1023
        assert answers == raw


def test_the_fine_tuning_parts_are_other_items(real: Path) -> None:
    parts = [{tuple(item.fields.values()) for item in items(f"mjd-estimator:{split}")} for split in ("dev", "test")]
    train = {tuple(item.fields.values()) for item in items("mjd-estimator")}
    assert len(train | parts[0] | parts[1]) == 1599


def test_varierr_keeps_annotators_explanations_and_judgments(real: Path) -> None:
    found = items("varierr")
    raw = read(real / "varierr" / "varierr.jsonl")
    assert sum(len(item.explanations) for item in found) == 1933  # as the authors state
    for item, row in zip(found, raw, strict=True):
        assert item.id == row["id"]
        assert list(item.label_counts(ENC)) == [row["label_count_round_1"][label] or 0 for label in ENC]
        assert [(a.annotator, a.label) for a in item.labels] == [
            (f"varierr/{entry['annotator']}", label) for label in ENC for entry in row[label]
        ]
        assert [e.text for e in item.explanations] == [entry["reason"] for label in ENC for entry in row[label]]
        assert [e.label for e in item.explanations] == [j["label"] for j in item.extra["judgments"]]
        assert {label[0]: count for label, count in (item.reference or {}).items()} == row["chaosnli_labels"]
        assert [j["judgments"] for j in item.extra["judgments"]] == [
            entry["judgments"] for label in ENC for entry in row[label]
        ]
        assert item.extra["idk"] == row["idk"]


@pytest.mark.parametrize("source", ["mjd-estimator", "varierr"])
@pytest.mark.parametrize("model", ["llama3.3-70b", "qwen2.5-72b"])
def test_evades_scores_are_evidence_that_saw_no_labels(source: str, model: str, real: Path) -> None:
    if not (real / "evade" / f"{model}.jsonl").exists():
        pytest.skip(f"no evade/{model}.jsonl in {real}")
    validity = {
        (row["premise"].strip(), row["hypothesis"].strip()): row["validity"]
        for row in read(real / "evade" / f"{model}.jsonl")
    }
    for item in items(source):
        evidence = item.evidence[f"evade/{model}"]
        expected = validity[item.fields["premise"].strip(), item.fields["hypothesis"].strip()]
        assert evidence.scores == {label: expected[label[0]] or 0 for label in ENC}
        assert evidence.distribution == pytest.approx(
            {label: (expected[label[0]] or 0) / sum(expected.values()) for label in ENC}
        )
        assert (evidence.saw_labels, evidence.leave_one_out) == (False, {})


def test_the_fine_tuning_parts_have_no_evidence(real: Path) -> None:
    assert not any(item.evidence for split in ("dev", "test") for item in items(f"mjd-estimator:{split}"))


@pytest.mark.parametrize(("name", "file"), [("chaosnli-snli", "snli"), ("chaosnli-mnli", "mnli_m")])
def test_chaosnli_counts_and_original_labels(name: str, file: str, real: Path) -> None:
    for item, row in zip(items(name), read(real / "chaosnli" / f"chaosNLI_{file}.jsonl"), strict=True):
        assert item.id == row["uid"]
        assert [item.reference[label] for label in ENC] == row["label_count"]  # type: ignore[index]
        assert {label[0]: n for label, n in (item.reference or {}).items() if n} == row["label_counter"]
        assert [a.label for a in item.labels] == row["old_labels"]
        assert item.groups() == [name.removeprefix("chaosnli-")]


def test_chaosnli_snli_has_explanations_where_the_joined_file_is(real: Path, tmp_path: Path) -> None:
    item = items("chaosnli-snli")[0]
    assert [(e.label, e.source) for e in item.explanations] == [("neutral", "human")] * 3 + [
        (label, "nile") for label in ENC
    ]


def test_chaosnli_alpha_is_of_another_task(real: Path) -> None:
    dataset = open_source("chaosnli-alpha")
    assert dataset.task.name == "abductive-nli"
    raw = read(real / "chaosnli" / "chaosNLI_alphanli.jsonl")
    for item, row in zip(dataset.items(), raw, strict=True):
        assert [(item.reference or {})[label] for label in ("hyp1", "hyp2")] == row["label_count"]
        assert item.labels == (Annotation(f"hyp{row['old_label']}", "gold/1"),)


def test_anli_has_writer_and_verifiers(real: Path) -> None:
    for item, row in zip(items("anli-r2:test"), read(real / "anli" / "anli_r2_test.jsonl"), strict=True):
        assert item.labels[0].annotator == "writer/1"
        assert [a.label[0] for a in item.labels] == [row["label"], *row["verifier_labels"]]
        assert item.groups() == ["writer", "verifier"]
        assert [(e.text, e.label[0]) for e in item.explanations] == [(row["reason"], row["label"])]


def test_snli_has_human_and_machine_explanations(real: Path) -> None:
    sources = Counter((e.source, e.label == item.labels[0].label) for item in items("snli") for e in item.explanations)
    assert sources == {("human", True): 3 * 9842, ("nile", True): 9842, ("nile", False): 2 * 9842}


# The layouts of the public homes, with texts of our own.


def test_snli_and_mnli_as_published(folder: Path) -> None:
    row = {
        "annotator_labels": ["neutral", "entailment", "", "neutral"],
        "captionID": "c.jpg",
        "gold_label": "-",
        "pairID": "1r1n",
        "sentence1": "It rains.",
        "sentence2": "It is wet.",
        "sentence1_parse": "(ROOT)",
    }
    write(folder / "snli" / "snli_1.0_dev.jsonl", row)
    (item,) = items("snli")
    assert [(a.annotator, a.label) for a in item.labels] == [
        ("snli/1", "neutral"),
        ("snli/2", "entailment"),
        ("snli/3", "neutral"),
    ]
    assert (item.id, item.extra) == ("1r1n", {"gold_label": "-", "captionID": "c.jpg"})
    spread = {"label1": "neutral", "label2": "contradiction", "label3": "", "genre": "fiction"}
    write(folder / "mnli" / "multinli_1.0_dev_matched.jsonl", row | {"annotator_labels": None} | spread)
    write(folder / "mnli" / "multinli_1.0_dev_mismatched.jsonl", row)
    (item,) = items("mnli")
    assert [a.label for a in item.labels] == ["neutral", "contradiction"]
    assert item.extra["genre"] == "fiction"
    assert len(items("mnli:dev-mismatched")) == 1


def test_anli_as_published_takes_the_verifiers_from_their_own_file(folder: Path) -> None:
    row = {"uid": "u1", "context": "It rains.", "hypothesis": "It is wet.", "label": "e", "reason": "", "tag": "x"}
    write(folder / "anli" / "R1" / "dev.jsonl", row, row | {"uid": "u2", "reason": "Rain is wet."})
    one, two = items("anli-r1")
    assert (len(one.labels), one.explanations, one.extra) == (1, (), {"tag": "x"})
    assert two.explanations[0].text == "Rain is wet."
    write(folder / "anli" / "verifier_labels_R1-3.jsonl", {"uid": "u1", "verifier labels": ["e", "n", "e"]})
    assert [len(item.labels) for item in items("anli-r1")] == [4, 1]


def test_mjd_estimator_reads_answers_from_a_clone(folder: Path) -> None:
    row = {
        "premise": "It rains.",
        "hypothesis": "It is wet.",
        "mnli labels": ["e", [3, 2, 0]],
        "chaos probs": [0.6, 0.4, 0.0],
        "varierr labels": [4, 0, 0],
        "comments": [["Rain is wet.", "e"]],
    }
    write(folder / "mjd_estimator" / "instances.jsonl", row)
    (item,) = items("mjd-estimator")
    assert item.answers == ()
    clone = folder / "mjd_estimator/MJD-Estimator/Model-Explanation/GPT4o-explanations/GPT4o-raw-output"
    (clone / "0" / ".ipynb_checkpoints").mkdir(parents=True)
    (clone / ".DS_Store").touch()
    (clone / "0" / "N").write_bytes(b"- One.\r\n- Two.")
    (item,) = items("mjd-estimator")
    assert [(a.label, a.source, a.text) for a in item.answers] == [("neutral", "gpt4o", "- One.\r\n- Two.")]


def test_evades_scores_are_matched_by_the_texts_where_they_are(folder: Path) -> None:
    row = {"id": "a", "context": "It rains. ", "statement": "It is wet.", "chaosnli_labels": {"e": 60, "n": 40}}
    row |= {"entailment": [{"annotator": 1, "reason": "Rain is wet."}], "neutral": [], "contradiction": []}
    write(folder / "varierr" / "varierr.jsonl", row, row | {"id": "b", "context": "Rain."})
    before = items("varierr")
    assert [item.evidence for item in before] == [{}, {}]
    scored = {"uid": "z", "premise": "It rains.", "hypothesis": " It is wet."}
    write(folder / "evade" / "qwen2.5-72b.jsonl", scored | {"validity": {"e": 0.6, "n": None, "c": 0.2}})
    one, two = items("varierr")
    assert list(one.evidence) == ["evade/qwen2.5-72b"]
    assert one.evidence["evade/qwen2.5-72b"].scores == {"entailment": 0.6, "neutral": 0, "contradiction": 0.2}
    assert replace(one, evidence={}) == before[0]
    assert two == before[1]
    write(folder / "evade" / "llama3.3-70b.jsonl", scored | {"validity": {"e": 0.6, "n": None}})
    with pytest.raises(InputError, match=r"llama3.3-70b.jsonl, line 1: found KeyError \('c'\)"):
        items("varierr")


def test_a_row_of_another_layout_names_file_and_line(folder: Path) -> None:
    path = write(folder / "varierr" / "varierr.jsonl", {"id": "a", "context": "x", "statement": "y"})
    with pytest.raises(InputError, match="line 1: found KeyError") as caught:
        items("varierr")
    assert caught.value.place.file == path
    write(folder / "mjd_estimator" / "instances.jsonl", {})
    write(folder / "mjd_estimator" / "raw" / "llama3.jsonl.gz", {"index": 0})
    with pytest.raises(InputError, match=r"llama3.jsonl.gz, line 1: found KeyError"):
        items("mjd-estimator")


# Sources.


def test_a_file_is_nli_unless_told_and_can_be_read_twice(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.jsonl", *({"id": n, "premise": "x", "hypothesis": "y"} for n in range(3)), {"id": 9})
    dataset = open_source(str(path), on_error="skip")
    assert isinstance(dataset, Dataset)
    assert (dataset.name, dataset.task.name, dataset.about) == ("mine.jsonl", "nli", None)
    for _ in range(2):
        report = ReadReport()
        assert [item.id for item in dataset.items(report)] == ["0", "1", "2"]
        assert [failure.id for failure in report.failures] == ["9"]
    assert len(list(open_source(str(path), limit=2).items())) == 2
    with pytest.raises(InputError, match="'obs1'"):
        list(open_source(str(path), task="abductive-nli").items())


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("chaos-mnli", "did you mean 'chaosnli-mnli'"),
        ("snli:dve", "no split of snli is named 'dve'\n  hint: did you mean 'dev'"),
        ("", "no data set or file is named ''"),
    ],
)
def test_an_unknown_name_gets_a_suggestion(source: str, message: str) -> None:
    with pytest.raises(UsageError, match="is named") as caught:
        open_source(source)
    assert message in str(caught.value)


@pytest.mark.parametrize("source", ["none.jsonl", "folder/none", "none.csv.gz", "x" * 5000 + ".csv", "a\0/b.csv"])
def test_a_path_that_is_not_there_is_no_name(source: str) -> None:
    with pytest.raises(InputError, match="no such file"):
        open_source(source)


def test_wrong_options_are_refused(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.jsonl", {}))
    with pytest.raises(UsageError, match="'go on'"):
        open_source(path, on_error="go on")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="0 items"):
        open_source(path, limit=0)


def test_a_set_that_is_not_here_tells_how_to_get_it(folder: Path) -> None:
    with pytest.raises(UsageError) as caught:
        open_source("varierr")
    assert "labeldist datasets fetch varierr" in str(caught.value)
    assert "varierr/varierr.jsonl" in str(caught.value)


def test_a_named_folder_that_is_none_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="LABELDIST_DATA"):
        open_source("varierr")


def test_the_cache_serves_where_the_folder_has_nothing(folder: Path) -> None:
    row = {"uid": "u1", "context": "It rains.", "hypothesis": "It is wet.", "label": "e"}
    write(cache_folder() / "anli" / "R3" / "train.jsonl", row)
    assert [item.id for item in items("anli-r3:train")] == ["u1"]


# The table.


def test_the_listing_tells_facts_rows_and_places(real: Path) -> None:
    table = {entry["name"]: entry for entry in listing()}
    assert list(table) == sorted(DATASETS.names())
    assert table["snli"]["splits"]["dev"]["rows"] == 9842
    assert table["snli"]["splits"]["dev"]["path"].endswith("snli_dev.csv.gz")
    assert table["anli-r1"]["splits"]["train"] == {"rows": 16_946, "path": None}
    json.dumps(list(table.values()))
    for entry in (table[name] for name in NAMES):
        assert entry["available"]
        assert entry["default_split"] in entry["splits"]
        assert all(entry[key] for key in ("title", "labels", "reference", "licence", "citation", "home"))
        assert entry["home"].startswith("https://")


def test_the_listing_without_data_has_the_published_rows(folder: Path) -> None:
    table = {entry["name"]: entry for entry in listing()}
    assert table["snli"]["splits"]["dev"] == {"rows": 10_000, "path": None}
    assert not table["snli"]["available"]


def test_every_download_is_pinned() -> None:
    for name in DATASETS.names():
        facts = DATASETS.get(name).facts
        wanted = {path for split in facts.splits.values() for path in split}
        for download in facts.downloads:
            assert download.url.startswith("https://")
            brought = [download.path, *(member.path for member in download.members)]
            assert {path for path in brought if path} <= wanted
            sums = [download.sha256, *(member.sha256 for member in download.members)]
            assert all(len(checksum) in (0, 64) for checksum in sums)
            assert any(sums)


def test_our_copies_are_the_public_files(real: Path) -> None:
    """Where the checksum of a single file is known, the file in the data folder has it."""
    import hashlib

    checked = 0
    for name in DATASETS.names():
        for download in DATASETS.get(name).facts.downloads:
            sums = {download.path: download.sha256} | {member.path: member.sha256 for member in download.members}
            for path, checksum in sums.items():
                if path and checksum and (real / path).exists():
                    assert hashlib.sha256((real / path).read_bytes()).hexdigest() == checksum
                    checked += 1
    assert checked == 7


def test_a_new_set_is_one_decorated_function(monkeypatch: pytest.MonkeyPatch) -> None:
    registry: Registry[Any] = Registry("data set")
    monkeypatch.setattr("labeldist.datasets.catalog.DATASETS", registry)
    splits = {"all": {"mine.jsonl": 1}}
    facts = Facts("mine", "Mine", splits, "all", "1", "none", "CC0", "Me", "https://example.org", "nli")
    dataset(facts)(lambda path, split, folders: iter(()))
    assert registry.names() == ["mine"]
