"""Training a tiny classifier: what is learned, resumed, refused; and its predictions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labeldist as ld
from labeldist.classifiers.batches import training_rows
from labeldist.classifiers.classifier import load_classifier
from labeldist.classifiers.fine_tune import RECORD, discard, fine_tune, measure
from labeldist.classifiers.from_sources import predict_to_file
from labeldist.classifiers.predict import predict
from labeldist.classifiers.settings import TrainingSettings
from labeldist.classifiers.targets import targets_of
from labeldist.core.errors import InputError, IntegrityError, StoreError, UsageError
from labeldist.core.item import Item
from labeldist.evaluation.metric import METRICS
from labeldist.runs.folder import alone
from labeldist.tasks.load import load_task

NLI = load_task("nli")
FAST = TrainingSettings(learning_rate=3e-3, batch_size=4, epochs=12, evaluate_every=12, device="cpu")


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def test_it_learns_the_distribution_and_predicts_it(items: list[Item], encoder: Path, tmp_path: Path) -> None:
    found = fine_tune(items, targets_of("reference", items, NLI), NLI, str(encoder), tmp_path / "out", FAST, dev=items)
    assert found.best is not None
    assert found.best["f1_macro"] > 0.95
    shares = dict(predict(items, NLI, str(tmp_path / "out")))
    reference = np.array([item.reference_distribution(NLI.label_names).probabilities for item in items])  # type: ignore[union-attr]
    predicted = np.array([shares[item.id] for item in items])
    np.testing.assert_allclose(predicted.sum(axis=1), 1)
    assert METRICS.get("tvd").value(reference, predicted) < 0.1
    # What was measured while training is what the kept weights predict.
    assert METRICS.get("ce").value(reference, predicted) == pytest.approx(found.best["ce"], abs=1e-5)


def test_from_python_with_distributions_in_memory(source: str, encoder: Path, tmp_path: Path) -> None:
    """As from a file of the same distributions, to the last bit; what is predicted can be evaluated."""
    known = ld.estimate(source)
    (tmp_path / "posterior.jsonl").write_text("".join(json.dumps(known.row(at)) + "\n" for at in range(len(known.ids))))
    how: dict[str, Any] = {"settings": replace(FAST, epochs=2), "dev": source}
    by_file = ld.train(source, str(encoder), out=tmp_path / "a", targets=tmp_path / "posterior.jsonl", **how)
    trained = ld.train(source, str(encoder), out=tmp_path / "b", targets=known, **how)
    assert weights(by_file.folder) == weights(trained.folder)
    assert trained._repr_html_().startswith("<table>")
    found = ld.predict(source, trained.folder, device="cpu")
    assert (len(found.ids), found.labels) == (24, NLI.label_names)
    assert ld.evaluate({"tuned": found}, reference=source).rows[0].name == "tuned"
    with pytest.raises(UsageError, match="several sources"):
        ld.train([source, source], str(encoder), out=tmp_path / "c", targets=known)


@pytest.mark.parametrize("objective", ["kl", "label-repetition"])
def test_the_other_objectives_learn_too(objective: str, items: list[Item], encoder: Path, tmp_path: Path) -> None:
    settings = TrainingSettings(objective, learning_rate=3e-3, epochs=12, evaluate_every=0, device="cpu")
    targets = targets_of("frequencies", items, NLI)
    found = fine_tune(items, targets, NLI, str(encoder), tmp_path / "out", settings)
    assert found.steps == 12 * (24 * (3 if objective == "label-repetition" else 1) // 4)
    shares = dict(predict(items, NLI, str(tmp_path / "out")))
    assert np.abs(np.array([shares[id_] for id_ in targets]) - np.array(list(targets.values()))).mean() < 0.1


def test_equal_seeds_give_equal_classifiers(items: list[Item], encoder: Path, tmp_path: Path) -> None:
    targets = targets_of("reference", items, NLI)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        settings = TrainingSettings(epochs=1, seed=seed, evaluate_every=0, device="cpu")
        fine_tune(items, targets, NLI, str(encoder), tmp_path / name, settings)
    assert weights(tmp_path / "a") == weights(tmp_path / "b") != weights(tmp_path / "c")


def test_killed_and_resumed_is_as_if_nothing_had_been(source: str, dropping_encoder: Path, tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "labeldist", "train", source, "--base", dropping_encoder, "--targets", "reference",
        "--dev", source, "--epochs", "40", "--evaluate-every", "10", "--learning-rate", "1e-3",
        "--device", "cpu", "--json", "--out",
    ]  # fmt: skip
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = subprocess.Popen([*command, killed], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # Where there are two, the first is whole.
    while process.poll() is None and len(list(killed.glob("checkpoints/checkpoint-*/trainer_state.json"))) < 2:
        time.sleep(0.01)
    assert process.poll() is None, "the training ended before it could be killed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    resumed = json.loads(subprocess.run([*command, killed], capture_output=True, check=True).stdout)
    straight = json.loads(subprocess.run([*command, whole], capture_output=True, check=True).stdout)
    assert 0 < resumed["resumed"] < resumed["steps"] == straight["steps"]
    assert weights(killed) == weights(whole)
    assert resumed["measured"] == straight["measured"]
    assert resumed["best"] == straight["best"]
    again = json.loads(subprocess.run([*command, killed], capture_output=True, check=True).stdout)
    assert again["steps"] == resumed["steps"]
    assert not list(killed.glob("checkpoints"))


def test_training_stops_early(items: list[Item], encoder: Path, tmp_path: Path) -> None:
    settings = TrainingSettings(learning_rate=1e-9, epochs=30, evaluate_every=6, patience=2, device="cpu")
    found = fine_tune(
        items, targets_of("reference", items, NLI), NLI, str(encoder), tmp_path / "o", settings, dev=items
    )
    assert found.steps == 18  # the first measurement, and two that are no better


def test_outputs_of_another_order_are_the_task_s_labels(items: list[Item], encoder: Path, tmp_path: Path) -> None:
    """A published classifier may have contradiction first: its outputs keep their meaning."""
    fine_tune(items, targets_of("reference", items, NLI), NLI, str(encoder), tmp_path / "out", FAST)
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    expected = dict(predict(items, NLI, str(tmp_path / "out")))
    config["id2label"] = {"0": "CONTRADICTION", "1": "NEUTRAL", "2": "ENTAILMENT"}
    (tmp_path / "out" / "config.json").write_text(json.dumps(config))
    for id_, row in predict(items, NLI, str(tmp_path / "out")):
        assert row == pytest.approx(tuple(reversed(expected[id_])))
    classifier = load_classifier(str(tmp_path / "out"), NLI, new_head=False)
    [(_, target)] = training_rows(items[:1], {"0": (0.8, 0.15, 0.05)}, NLI, classifier)
    assert target.tolist() == [0.05, 0.15, 0.8]


def test_measures_are_the_metrics(items: list[Item]) -> None:
    generator = np.random.default_rng(0)
    logits, references = generator.normal(size=(9, 3)), generator.dirichlet(np.ones(3), 9)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = measure(logits, references)
    for name, value in found.items():
        assert value == pytest.approx(METRICS.get(name).value(references, shares))


def test_targets(items: list[Item], tmp_path: Path) -> None:
    assert targets_of("frequencies", items, NLI)["0"] == pytest.approx((2 / 3, 1 / 3, 0))
    assert targets_of("smoothed:0.5", items, NLI)["0"] == pytest.approx((2.5 / 4.5, 1.5 / 4.5, 0.5 / 4.5))
    assert targets_of("majority", items, NLI)["1"] == (0, 0, 1)
    assert targets_of("reference", items, NLI)["0"] == pytest.approx((0.8, 0.1, 0.1))
    file = tmp_path / "mjd.jsonl"
    file.write_text(
        '{"id": "3", "distribution": {"e": 0.5, "n": 0.25, "c": 0.25}}\n'
        '{"id": "x", "distribution": {"e": 1, "n": 0, "c": 0}}\n'
    )
    assert targets_of(str(file), items, NLI) == {"3": (0.5, 0.25, 0.25)}
    with pytest.raises(UsageError, match="did you mean 'frequencies'"):
        targets_of("frequency", items, NLI)
    with pytest.raises(UsageError, match="pseudo-counts"):
        targets_of("smoothed:-1", items, NLI)
    with pytest.raises(InputError, match="no item with a target"):
        targets_of("frequencies", [Item("1", {})], NLI)


def test_other_settings_are_refused(items: list[Item], encoder: Path, tmp_path: Path) -> None:
    targets = targets_of("reference", items, NLI)
    short = TrainingSettings(epochs=1, evaluate_every=0, device="cpu")
    fine_tune(items, targets, NLI, str(encoder), tmp_path / "out", short)
    with pytest.raises(UsageError, match="epochs was 1, is 2"):
        fine_tune(items, targets, NLI, str(encoder), tmp_path / "out", TrainingSettings(epochs=2, device="cpu"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("...")
    with pytest.raises(UsageError, match="not empty"):
        fine_tune(items, targets, NLI, str(encoder), tmp_path / "mine", short, overwrite=True)


def test_a_second_process_is_refused(items: list[Item], tmp_path: Path) -> None:
    targets = targets_of("reference", items, NLI)
    with alone(tmp_path / "out" / RECORD), pytest.raises(StoreError, match="another process"):
        fine_tune(items, targets, NLI, "nowhere", tmp_path / "out", FAST)


def test_only_its_own_files_are_replaced(items: list[Item], encoder: Path, tmp_path: Path) -> None:
    targets, out = targets_of("reference", items, NLI), tmp_path / "out"
    short = TrainingSettings(epochs=1, evaluate_every=0, device="cpu")
    fine_tune(items, targets, NLI, str(encoder), out, short)
    with pytest.raises(UsageError, match="overwrite what it is made from"):
        fine_tune(items, targets, NLI, str(out), out, short, overwrite=True)
    (out / "checkpoints").mkdir()
    for name in ("notes.md", "config.json", "checkpoints/notes.md"):
        (out / name).write_text("mine")
    again = TrainingSettings(epochs=2, evaluate_every=0, device="cpu")
    found = fine_tune(items, targets, NLI, str(encoder), out, again, overwrite=True)
    assert found.steps == 12
    assert any("config.json.kept-1" in note for note in found.notes)
    kept = ("notes.md", "config.json.kept-1", "checkpoints/notes.md")
    assert {(out / name).read_text() for name in kept} == {"mine"}
    assert dict(predict(items, NLI, str(out)))
    weights = (out / "model.safetensors").read_bytes()
    (out / "model.safetensors").write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    with pytest.raises(IntegrityError, match=r"model\.safetensors"):
        predict_to_file("demo", str(out), tmp_path / "predicted.jsonl")
    (out / "model.safetensors").write_bytes(weights)
    discard(out)
    assert {str(file.relative_to(out)) for file in out.rglob("*")} == {*kept, "checkpoints"}


def test_bad_calls_end_in_a_message(
    labeldist: Callable[..., subprocess.CompletedProcess[str]], source: str, encoder: Path
) -> None:
    for arguments, parts in (
        (("train", source, "--base", "nowhere/model"), ("cannot load the classifier 'nowhere/model'",)),
        (("train", source, "--base", encoder, "--targets", "referenec"), ("did you mean 'reference'",)),
        (("train", source, "--base", encoder, "--best-by", "f1"), ("is named 'f1'", "f1_macro")),
        (("train", source, "demo", source, "--base", encoder), ("more than one of",)),
        (("train", source, "--base", encoder, "--learning-rate", 0), ("--learning-rate",)),
        (("train", source, "--base", encoder, "--precision", "float16", "--device", "cpu"), ("float16 without a GPU",)),
        (("predict", source, "--model", encoder), ("is no classifier with the labels entailment",)),
        (("predict", "nothing.jsonl", "--model", encoder), ("no such file",)),
    ):
        done = labeldist(*arguments, HF_HUB_OFFLINE="1")
        assert done.returncode == 2, (arguments, done.stderr)
        assert "Traceback" not in done.stderr, done.stderr
        for part in parts:
            assert part in done.stderr
