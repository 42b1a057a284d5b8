"""A training that was stopped anywhere goes on as if nothing had been."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from labeldist.classifiers.fine_tune import TrainingSummary, fine_tune
from labeldist.classifiers.settings import TrainingSettings
from labeldist.classifiers.targets import targets_of
from labeldist.core.errors import UsageError
from labeldist.core.item import Item
from labeldist.runs.stage_report import Progress
from labeldist.tasks.load import load_task

NLI = load_task("nli")
STOPPING = TrainingSettings(learning_rate=1e-9, epochs=30, evaluate_every=6, patience=4, device="cpu")
PLAIN = TrainingSettings(learning_rate=1e-3, epochs=5, evaluate_every=6, device="cpu")


class KilledError(Exception):
    """Stands for a signal."""


def killed_at(step: int) -> Progress:
    steps = iter(range(1, step + 1))

    def progress(*_: object) -> None:
        if next(steps) == step:
            raise KilledError

    return progress


def trained(items: list[Item], encoder: Path, out: Path, how: TrainingSettings, kill: int | None) -> TrainingSummary:
    targets = targets_of("reference", items, NLI)
    dev = items if how.patience else []
    if kill is not None:
        with pytest.raises(KilledError):
            fine_tune(items, targets, NLI, str(encoder), out, how, dev=dev, progress=killed_at(kill))
    return fine_tune(items, targets, NLI, str(encoder), out, how, dev=dev)


def test_early_stopping_remembers_what_was_before(items: list[Item], encoder: Path, tmp_path: Path) -> None:
    whole = trained(items, encoder, tmp_path / "whole", STOPPING, None)
    assert whole.steps == 30
    for kill in (8, 20, 26):
        found = trained(items, encoder, tmp_path / str(kill), STOPPING, kill)
        assert (found.resumed, found.steps, found.measured) == (kill // 6 * 6, whole.steps, whole.measured)
        assert (tmp_path / str(kill) / "model.safetensors").read_bytes() == (
            tmp_path / "whole" / "model.safetensors"
        ).read_bytes()


def trained_but_for_its_files(
    items: list[Item], encoder: Path, out: Path, how: TrainingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as broken:
        broken.setattr("labeldist.classifiers.fine_tune._save", fail)
        with pytest.raises(KilledError):
            trained(items, encoder, out, how, None)


def test_killed_after_its_last_step_it_saves_the_same_files(
    items: list[Item], encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No batch is read any more, so nothing of a batch may be in what is saved."""
    trained(items, encoder, tmp_path / "whole", PLAIN, None)
    trained_but_for_its_files(items, encoder, tmp_path / "killed", PLAIN, monkeypatch)
    found = trained(items, encoder, tmp_path / "killed", PLAIN, None)
    assert found.resumed == found.steps
    for name in ("model.safetensors", "tokenizer.json", "tokenizer_config.json", "config.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_killed_after_it_stopped_early(
    items: list[Item], encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last checkpoint says to stop, the classifier is not yet written."""
    whole = trained(items, encoder, tmp_path / "whole", STOPPING, None)
    trained_but_for_its_files(items, encoder, tmp_path / "killed", STOPPING, monkeypatch)
    found = trained(items, encoder, tmp_path / "killed", STOPPING, None)
    assert (found.steps, found.measured) == (whole.steps, whole.measured)
    assert 0 < found.resumed < whole.steps


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_checkpoint_that_was_not_written_whole_is_passed_over(
    precision: str, items: list[Item], encoder: Path, tmp_path: Path
) -> None:
    how = TrainingSettings(learning_rate=1e-3, epochs=5, evaluate_every=6, device="cpu", precision=precision)
    targets = targets_of("reference", items, NLI)
    fine_tune(items, targets, NLI, str(encoder), tmp_path / "whole", how)
    with pytest.raises(KilledError):
        fine_tune(items, targets, NLI, str(encoder), tmp_path / "killed", how, progress=killed_at(20))
    state = tmp_path / "killed" / "checkpoints" / "checkpoint-18" / "trainer_state.json"
    state.write_text(state.read_text()[:50])
    assert fine_tune(items, targets, NLI, str(encoder), tmp_path / "killed", how).resumed == 12
    assert (tmp_path / "killed" / "model.safetensors").read_bytes() == (
        tmp_path / "whole" / "model.safetensors"
    ).read_bytes()


def test_a_damaged_checkpoint_is_said_and_the_one_before_it_taken(
    items: list[Item], encoder: Path, tmp_path: Path
) -> None:
    """A bit of any file of the latest checkpoint: what was trained from it before would be another classifier."""
    targets = targets_of("reference", items, NLI)
    fine_tune(items, targets, NLI, str(encoder), tmp_path / "whole", PLAIN)
    with pytest.raises(KilledError):
        fine_tune(items, targets, NLI, str(encoder), tmp_path / "killed", PLAIN, progress=killed_at(20))
    names = sorted(file.name for file in (tmp_path / "killed/checkpoints/checkpoint-18").iterdir())
    assert {"optimizer.pt", "scheduler.pt", "rng_state.pth", "model.safetensors", "trainer_state.json"} <= {*names}
    for name in ("optimizer.pt", "rng_state.pth", "model.safetensors", "trainer_state.json"):
        out = tmp_path / name
        shutil.copytree(tmp_path / "killed", out)
        file = out / "checkpoints" / "checkpoint-18" / name
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 4
        file.write_bytes(content)
        found = fine_tune(items, targets, NLI, str(encoder), out, PLAIN)
        assert found.resumed == 12
        assert any(f"{name} has changed" in note for note in found.notes)
        assert (out / "model.safetensors").read_bytes() == (tmp_path / "whole" / "model.safetensors").read_bytes()


def test_what_has_changed_since_is_said(items: list[Item], encoder: Path, tmp_path: Path) -> None:
    """Another base under the same name, other references of the same items: an old result would be wrong."""
    from dataclasses import replace

    base = tmp_path / "base"
    shutil.copytree(encoder, base)
    targets = targets_of("reference", items, NLI)
    fine_tune(items, targets, NLI, str(base), tmp_path / "out", PLAIN, dev=items)
    others = [replace(item, reference={"entailment": 1.0}) for item in items]
    with pytest.raises(UsageError, match="dev was"):
        fine_tune(items, targets, NLI, str(base), tmp_path / "out", PLAIN, dev=others)
    (base / "config.json").write_text((base / "config.json").read_text() + "\n")
    with pytest.raises(UsageError, match="base_revision was"):
        fine_tune(items, targets, NLI, str(base), tmp_path / "out", PLAIN, dev=items)
