"""The file of a calibration: from the command and from Python, and what is refused."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import labeldist as ld
from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Annotation, Item

Command = Callable[..., subprocess.CompletedProcess[str]]

LABELS = ["ok", "toxic"]


def items(number: int, seed: int = 0) -> list[Item]:
    generator = np.random.default_rng(seed)
    toxic = generator.beta(0.5, 1.0, number)
    labels = [[LABELS[int(generator.random() < one)] for _ in range(3)] for one in toxic]
    return [Item(str(at), {}, tuple(map(Annotation, given))) for at, given in enumerate(labels)]


def rows(file: Path, number: int, seed: int = 0) -> str:
    text = "".join(
        json.dumps({"id": item.id, "labels": [one.label for one in item.labels]}) + "\n" for item in items(number, seed)
    )
    file.write_text(text, encoding="utf-8")
    return file.name


def test_from_python(tmp_path: Path) -> None:
    kept = tmp_path / "toxic.json"
    found = ld.estimate(items(60), labels=LABELS, calibration_out=kept)
    again = ld.estimate(items(60), labels=LABELS, calibration=kept)
    assert np.array_equal(found.mean, again.mean)
    told = " ".join(again.calibration.in_words())
    assert "learnt on 60 labelled items" in told
    row = json.loads(kept.read_text(encoding="utf-8"))
    assert row["learnt_on"]["version"] == ld.__version__
    assert row["learnt_on"]["items"] == 60


def test_by_commands(labeldist: Command, tmp_path: Path) -> None:
    rows(tmp_path / "old.jsonl", 60)
    rows(tmp_path / "new.jsonl", 30, seed=1)
    words = ("--labels", "ok,toxic")
    done = labeldist("estimate", "old.jsonl", *words, "--out", "old-posterior.jsonl", "--calibration-out", "c.json")
    assert done.returncode == 0, done.stderr
    assert "c.json" in done.stdout
    done = labeldist("estimate", "new.jsonl", *words, "--out", "posterior.jsonl", "--calibration", "c.json")
    assert done.returncode == 0, done.stderr
    assert "nothing was fitted to these items" in " ".join(done.stdout.split())
    assert "old" in done.stdout
    expected = ld.estimate(items(30, seed=1), labels=LABELS, calibration=tmp_path / "c.json").mean
    written = [json.loads(line) for line in (tmp_path / "posterior.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [[one["distribution"][label] for label in LABELS] for one in written] == expected.tolist()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "an empty file"),
        ('{"labeldist_calibration": 1, ', "column"),
        ('{"labeldist_calibration": 1, "labeldist_calibration": 1}', "twice"),
        ('{"labeldist_calibration": NaN}', "NaN"),
        ('{"id": 1}', "a calibration"),
        ('{"labeldist_calibration": 1}', "no 'labels'"),
    ],
)
def test_a_damaged_file_is_refused_with_its_name(tmp_path: Path, text: str, told: str) -> None:
    damaged = tmp_path / "c.json"
    damaged.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"c\.json") as error:
        ld.estimate(items(10), labels=LABELS, calibration=damaged)
    assert told in str(error.value)


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    kept = tmp_path / "c.json"
    ld.estimate(items(20), labels=LABELS, calibration_out=kept)
    whole = kept.read_bytes().rstrip()
    for end in range(0, len(whole), max(1, len(whole) // 40)):
        kept.write_bytes(whole[:end])
        with pytest.raises(InputError, match=r"c\.json"):
            ld.estimate(items(10), labels=LABELS, calibration=kept)


def test_what_does_not_go_together_is_refused(tmp_path: Path, labeldist: Command) -> None:
    kept = tmp_path / "c.json"
    ld.estimate(items(20), labels=LABELS, calibration_out=kept)
    for wrong in (
        {"calibration": kept, "calibrate": "reference"},
        {"calibration": kept, "population": "other"},
        {"calibration": kept, "calibration_out": tmp_path / "d.json"},
        {"calibration_out": tmp_path / "c.txt"},
        {"calibration_out": tmp_path / "d.json", "calibrate": "off"},
    ):
        with pytest.raises(UsageError) as error:
            ld.estimate(items(10), labels=LABELS, **wrong)  # type: ignore[arg-type]
        assert error.value.hint
    with pytest.raises(UsageError, match="toxic, ok"):
        ld.estimate(items(10), labels=["toxic", "ok"], calibration=kept)
    rows(tmp_path / "items.jsonl", 10)
    source = tmp_path / "source.json"
    source.write_text(json.dumps([{"id": "1", "labels": LABELS}]), encoding="utf-8")
    before = source.read_bytes()
    done = labeldist("estimate", "source.json", "--out", "out.jsonl", "--calibration-out", "./source.json")
    assert done.returncode == 2
    assert "give it a name of its own" in done.stderr
    assert source.read_bytes() == before
    done = labeldist("estimate", "items.jsonl", "--out", "out.jsonl", "--calibration", "none.json")
    assert done.returncode == 2
    assert "none.json" in done.stderr
