"""``labeldist estimate`` as it is run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]

ITEM = {"premise": "It rains.", "hypothesis": "It is wet."}
SAID = {"distribution": {"e": 0.7, "n": 0.2, "c": 0.1}, "saw_labels": False}
LABELS = ("entailment", "neutral", "contradiction")


def written(file: Path, rows: list[dict[str, Any]], **common: Any) -> str:
    file.write_text("".join(json.dumps(common | row) + "\n" for row in rows), encoding="utf-8")
    return file.name


def items(folder: Path, **more: Any) -> str:
    given = [["e", "e", "n"], ["n", "c"], ["c"], []]
    rows = [{"id": str(at), "labels": labels} for at, labels in enumerate(given)]
    return written(folder / "items.jsonl", rows, **ITEM, **more)


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_for_people(labeldist: Command, tmp_path: Path) -> None:
    source = items(tmp_path)
    written(tmp_path / "llm.jsonl", [{"id": str(at)} | SAID for at in range(3)])
    done = labeldist("estimate", source, "--evidence", "llm.jsonl", "--out", "posterior.jsonl")
    assert done.returncode == 0, done.stderr
    for part in ("4 items", "evidence: llm", "annotators per item", "KL ", "posterior.jsonl"):
        assert part in done.stdout
    assert "note: results describe annotators like yours" in done.stderr
    found = rows_of(tmp_path / "posterior.jsonl")
    assert [row["id"] for row in found] == ["0", "1", "2", "3"]
    for row in found:
        assert tuple(row["distribution"]) == tuple(row["interval"]) == LABELS
        assert sum(row["distribution"].values()) == pytest.approx(1)
        assert all(0 <= low <= high <= 1 for low, high in row["interval"].values())


def test_for_machines(labeldist: Command, tmp_path: Path) -> None:
    source = items(tmp_path, evidence={"a": SAID, "b": SAID})
    done = labeldist("estimate", source, "--evidence", "b", "--interval", 0.5, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["items"], found["evidence"], found["failures"]) == (4, ["b"], [])
    assert found["files"] == ["posterior.jsonl", "posterior.about.json"]
    assert found["calibration"]["calibrate"] == "labels"
    assert list(found["calibration"]["weights"]) == ["b"]
    assert {row["interval_mass"] for row in rows_of(tmp_path / "posterior.jsonl")} == {0.5}


def test_the_demo_with_and_without_references(labeldist: Command, tmp_path: Path) -> None:
    for calibrate in ("labels", "reference", "off"):
        done = labeldist("estimate", "demo", "--calibrate", calibrate, "--out", f"{calibrate}.jsonl", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["calibration"]["references"] == (48 if calibrate == "reference" else 0)
    mean = [[row["distribution"] for row in rows_of(tmp_path / f"{name}.jsonl")] for name in ("labels", "reference")]
    assert len(mean[0]) == 48
    assert mean[0] != mean[1]


def test_a_posterior_can_be_evaluated_and_be_evidence_again(labeldist: Command, tmp_path: Path) -> None:
    source = items(tmp_path, reference={"e": 30, "n": 50, "c": 20})
    assert labeldist("estimate", source, "--out", "posterior.jsonl").returncode == 0
    done = labeldist("evaluate", "posterior.jsonl", "--reference", source, "--json")
    assert done.returncode == 0, done.stderr
    # It says itself that it saw the labels.
    again = labeldist("estimate", source, "--evidence", "posterior.jsonl", "--out", "again.jsonl")
    assert again.returncode == 2
    assert "posterior (saw the" in again.stderr
    assert not (tmp_path / "again.jsonl").exists()


def test_a_bad_row_of_evidence_is_named_or_skipped(labeldist: Command, tmp_path: Path) -> None:
    source = items(tmp_path)
    bad = {"id": "1", "distribution": {"e": 0.7, "n": 0.7, "c": 0.1}}
    written(tmp_path / "llm.jsonl", [{"id": "0"} | SAID, bad, {"id": "2"} | SAID])
    done = labeldist("estimate", source, "--evidence", "llm.jsonl", "--out", "posterior.jsonl")
    assert done.returncode == 2
    for part in ("llm.jsonl, line 2, field 'distribution'", "found ", "expected "):
        assert part in done.stderr
    assert not (tmp_path / "posterior.jsonl").exists()
    skipped = labeldist(
        "estimate", source, "--evidence", "llm.jsonl", "--on-error", "skip", "--out", "posterior.jsonl", "--json"
    )
    assert skipped.returncode == 1
    found = json.loads(skipped.stdout)
    assert [(row["id"], row["line"]) for row in found["failures"]] == [("1", 2)]
    assert found["items"] == 4
    kept = [Path(file).name for file in found["files"]]
    assert kept[:2] == ["posterior.jsonl", "posterior.about.json"]
    assert len(kept) == 3
    assert rows_of(tmp_path / kept[2]) == found["failures"]


REFUSED: dict[str, tuple[dict[str, Any], tuple[object, ...], tuple[str, ...]]] = {
    "evidence that saw the labels": ({"evidence": {"llm": SAID | {"saw_labels": True}}}, (), ("llm (saw the", "off")),
    "evidence that does not say": (
        {"evidence": {"llm": {"distribution": SAID["distribution"]}}},
        (),
        ("llm (does not say)", "saw_labels: false"),
    ),
    "too few references": ({}, ("--calibrate", "reference"), ("0 items with a reference", "--calibrate labels")),
    "unknown evidence": ({"evidence": {"llama": SAID}}, ("--evidence", "lama"), ("'lama'", "did you mean 'llama'?")),
    "unknown calibration": ({}, ("--calibrate", "lables"), ("lables",)),
    "unknown prior": ({}, ("--prior", "beta"), ("beta", "dirichlet")),
    "unknown point": ({}, ("--point", "mode"), ("'mode'", "mean, median, or median:N")),
    "the median of nobody": ({}, ("--point", "median:0"), ("0 annotators", "1 to 100")),
    "an interval without a chance": ({}, ("--interval", 0), ("--interval",)),
    "a file that is not there": ({}, ("--evidence", "llm=nowhere.jsonl"), ("nowhere.jsonl",)),
    "the source as the result": ({}, ("--out", "items.jsonl"), ("items.jsonl",)),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refusals_end_with_status_2_and_say_what_to_do(kind: str, labeldist: Command, tmp_path: Path) -> None:
    more, arguments, expected = REFUSED[kind]
    source = items(tmp_path, **more)
    done = labeldist("estimate", source, *arguments)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for part in expected:
        assert part in done.stderr
    assert not (tmp_path / "posterior.jsonl").exists()


def test_evidence_of_other_items_is_refused(labeldist: Command, tmp_path: Path) -> None:
    source = items(tmp_path)
    written(tmp_path / "llm.jsonl", [{"id": "99"} | SAID])
    done = labeldist("estimate", source, "--evidence", "llm.jsonl")
    assert done.returncode == 2
    for part in ("evidence 'llm'", "no item has, such as '99'", "hint: "):
        assert part in done.stderr


def test_a_model_table_with_a_column_for_each_label(labeldist: Command, tmp_path: Path) -> None:
    """As scikit-learn's predict_proba is saved; whether it saw the labels has to be said."""
    rows = [f"{at},{who},{('ok', 'toxic')[(at + n) % 3 == 0]}" for at in range(30) for n, who in enumerate("abc")]
    (tmp_path / "a.csv").write_text("\n".join(["item,annotator,label", *rows]))
    shares = [(at, 0.9 if at % 3 else 0.4) for at in range(30)]
    plain = "\n".join(["id,ok,toxic", *(f"{at},{ok},{1 - ok:.1f}" for at, ok in shares)])
    named = "\n".join(["id;p_ok;p_toxic", *(f"{at};{ok:.0%};{1 - ok:.0%}" for at, ok in shares)]).replace(";", ",")
    (tmp_path / "plain.csv").write_text(plain)
    (tmp_path / "named.csv").write_text(named)
    done = labeldist("estimate", "a.csv", "--evidence", "plain.csv")
    assert done.returncode == 2
    assert "--blind" in done.stderr
    found = []
    for file in ("plain.csv", "named.csv"):
        done = labeldist(
            "estimate", "a.csv", "--evidence", f"llm={file}", "--blind", "--out", f"of-{file}.jsonl", "--json"
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["evidence"] == ["llm"]
        found.append((tmp_path / f"of-{file}.jsonl").read_text())
    assert found[0] == found[1]
    assert labeldist("plan", "a.csv", "--evidence", "plain.csv", "--blind").returncode == 0


def ratings(folder: Path, items: int = 90) -> str:
    """Three ratings of 1 to 3 per item: of two kinds of items, sure and split."""
    rows = []
    for at in range(items):
        usual = str(1 + at % 3)
        first = usual if at % 2 else str(1 + (at // 2) % 3)
        rows.append({"id": str(at), "labels": [first, usual, usual], "reference": {usual: 1}})
    return written(folder / "ratings.jsonl", rows)


def test_the_prior_and_the_point_that_were_asked_for_are_in_each_row(labeldist: Command, tmp_path: Path) -> None:
    source = ratings(tmp_path)
    found = {}
    for prior in ("mixture", "dirichlet"):
        for point in ("mean", "median", "median:2"):
            out = f"{prior}-{point.replace(':', '')}.jsonl"
            options = ("--scale", "ordinal", "--prior", prior, "--point", point)
            done = labeldist("estimate", source, *options, "--out", out, "--json")
            assert done.returncode == 0, done.stderr
            told = json.loads(done.stdout)
            assert (told["point"], told["calibration"]["prior"]) == (point, prior)
            rows = rows_of(tmp_path / out)
            assert {(row["prior_used"], row["point"]) for row in rows} == {(prior, point)}
            for row in rows:
                assert sum(row["distribution"].values()) == pytest.approx(1)
                shares = zip(row["distribution"].values(), row["interval"].values(), strict=True)
                assert all(low <= share <= high for share, (low, high) in shares)
            found[prior, point] = [row["distribution"] for row in rows]
            if point == "median:2":
                assert {share * 4 % 1 for one in found[prior, point] for share in one.values()} == {0}
    # Medians of two annotators are so few that both priors may well give the same.
    different = {json.dumps(one) for (_, point), one in found.items() if point != "median:2"}
    assert len(different) == 4
    assert not different & {json.dumps(found[prior, "median:2"]) for prior in ("mixture", "dirichlet")}


def test_a_point_other_than_the_mean_has_not_its_expected_error(labeldist: Command, tmp_path: Path) -> None:
    source = ratings(tmp_path)
    mean = labeldist("estimate", source, "--scale", "ordinal").stdout
    assert "Expected distance from the true distributions" in mean
    done = labeldist("estimate", source, "--scale", "ordinal", "--point", "median", "--out", "median.csv")
    assert "Expected distance of the posterior means, not of these points," in done.stdout
    again = labeldist("evaluate", "median.csv", "--reference", source, "--scale", "ordinal", "--json")
    assert again.returncode == 0, again.stderr


def test_only_a_scale_is_cumulated(labeldist: Command, tmp_path: Path) -> None:
    source = ratings(tmp_path)
    for scale in ("ordinal", "nominal"):
        done = labeldist("estimate", source, "--scale", scale, "--point", "median", "--out", f"{scale}.jsonl")
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "ordinal.jsonl").read_text() != (tmp_path / "nominal.jsonl").read_text()


def test_texts_are_learnt_from_unless_told_otherwise(labeldist: Command, tmp_path: Path) -> None:
    rows = [
        {"id": str(at), "text": f"number {at} is {word} here", "labels": [label, label, "ok"]}
        for at in range(200)
        for word, label in (("nice", "ok"), ("foul", "toxic"))[at % 2 : at % 2 + 1]
    ]
    said = {"distribution": {"ok": 0.6, "toxic": 0.4}, "saw_labels": False}
    written(tmp_path / "items.jsonl", rows, evidence={"llm": said})

    def evidence(*options: str) -> tuple[list[str], str]:
        done = labeldist("estimate", "items.jsonl", *options, "--json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        return found["evidence"], found["calibration"]["texts"]

    told = "Learnt from texts (text): text, of 200 labelled items in 5 parts"
    found, words = evidence()
    assert found == ["llm", "text"]
    assert words.startswith(told)
    assert evidence("--no-texts") == (["llm"], "")
    assert evidence("--evidence", "llm") == (["llm"], "")
    assert evidence("--evidence", "text")[0] == ["text"]
    assert evidence("--evidence", "text,llm")[0] == ["llm", "text"]
    refused = labeldist("estimate", "items.jsonl", "--evidence", "text", "--no-texts")
    assert refused.returncode == 2
    assert "leave one of the two out" in refused.stderr
    short = labeldist("estimate", "items.jsonl", "--limit", "199")
    assert "found 199 items with labels, expected at least 200" in short.stdout
