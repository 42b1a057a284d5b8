"""Soft-label fine-tuning of a sequence classifier, with checkpoints from which it goes on."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from labeldist.classifiers.batches import batch, training_rows
from labeldist.classifiers.checkpoints import fault
from labeldist.classifiers.classifier import Classifier, load_classifier, require_training, weights_revision
from labeldist.classifiers.objectives import OBJECTIVES
from labeldist.classifiers.patience import exhausted
from labeldist.classifiers.settings import MEASURED, TrainingSettings
from labeldist.core.errors import InputError, LabeldistError, UsageError
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.files import write_text
from labeldist.evaluation.metric import METRICS
from labeldist.runs.folder import Results, alone, is_fresh, lock_of, own_files
from labeldist.runs.inputs import inputs_of, refuse_overwritten
from labeldist.runs.own import OwnFiles
from labeldist.runs.settings import differing
from labeldist.runs.stage_report import Progress

CHECKPOINTS, RECORD, SETTINGS = "checkpoints", "training.json", "settings.json"
NAMES = (SETTINGS, RECORD, "config.json", "model.safetensors")
SAVED = "saved"
CHECKPOINT = re.compile(rf"checkpoint-\d+|{SAVED}")


@dataclass(frozen=True, slots=True)
class TrainingSummary:
    """What a training did.

    ``items`` were trained on in ``steps`` steps. ``measured``: what was measured on the development set at each step,
    rows with ``step``; ``best``: the row of the weights that were kept (None: no development set, the last weights).
    ``resumed``: the step from which it went on. ``folder``: where the classifier is. ``notes``: what else to know.
    """

    folder: Path
    items: int
    steps: int
    measured: tuple[dict[str, float], ...]
    best: dict[str, float] | None
    resumed: int
    notes: tuple[str, ...] = ()


def fine_tune(
    items: Sequence[Item],
    targets: Mapping[str, Sequence[float]],
    task: Task,
    base: str,
    out: Path,
    settings: TrainingSettings | None = None,
    *,
    dev: Sequence[Item] = (),
    inputs: Sequence[Path] = (),
    overwrite: bool = False,
    progress: Progress = lambda *_: None,
) -> TrainingSummary:
    """Train the classifier, or encoder, ``base`` on ``targets`` {item id: probabilities (K,)} and write it to ``out``.

    ``dev``: items with references; the weights that do best on them by ``settings.best_by`` are kept. A training that
    was killed goes on from its latest checkpoint and ends as if nothing had been; one that is finished is not done
    again. ``inputs``: what items and targets were read from. Source: arXiv 2412.13942, section 5.

    Raises :class:`UsageError` where ``out`` holds a training with other settings, or files that labeldist did not write
    or that were changed since (unless ``overwrite``, which moves these aside), where it is an input, or where ``base``
    cannot be loaded, :class:`InputError` where no item has a target, and
    :class:`~labeldist.core.errors.StoreError` where another process is training there.
    """
    settings = settings or TrainingSettings()
    chosen = [item for item in items if item.id in targets]
    if not chosen:
        raise InputError("no item with a target", expected="at least one to train on")
    now = _settings_of(settings, chosen, targets, task, base, dev)
    refuse_overwritten(out, [out / SETTINGS], [*inputs, *inputs_of(base)])
    if not (out / SETTINGS).exists() and not is_fresh(out / RECORD):
        raise UsageError(f"{out} is not empty, and no training of labeldist", hint="use another --out")
    with alone(out / RECORD):
        results = Results(own_files(out / RECORD), NAMES, [*inputs, *inputs_of(base)], kept=(SETTINGS,))
        moved = _make_room(results, out, now, overwrite=overwrite)
        done = _finished(out)
        if done is None:
            done = _trained(chosen, targets, task, base, out, settings, dev, results.own, now, progress)
            results.own.settle()
        return replace(done, notes=(*done.notes, *moved))


def discard(out: Path) -> None:
    """Remove a training: all that is as it was written there, and the folder if nothing else is in it."""
    with alone(out / RECORD):
        Results(own_files(out / RECORD), NAMES).clear()
        _remove_checkpoints(out)
        own_files(out / RECORD).listed.unlink(missing_ok=True)
        lock_of(out / RECORD).unlink(missing_ok=True)
    with suppress(OSError):
        out.rmdir()


def _trained(
    chosen: Sequence[Item],
    targets: Mapping[str, Sequence[float]],
    task: Task,
    base: str,
    out: Path,
    settings: TrainingSettings,
    dev: Sequence[Item],
    own: OwnFiles,
    now: Mapping[str, Any],
    progress: Progress,
) -> TrainingSummary:
    classifier = _loaded(base, task, settings)
    from labeldist.classifiers.trainer import make_trainer

    objective = OBJECTIVES.get(settings.objective)
    repeats = settings.repeats if objective.repeats else None
    rows = training_rows(chosen, targets, task, classifier, repeats=repeats)
    references = {item.id: _reference(item, task) for item in dev if item.reference is not None}
    dev_rows = training_rows(dev, references, task, classifier)
    # Before the trainer makes its folder: a folder without settings would be somebody else's to the next try.
    write_text(out / SETTINGS, json.dumps(now, indent=1) + "\n", note=own.note)
    trainer = make_trainer(
        classifier,
        rows,
        dev_rows,
        partial(batch, tokenizer=classifier.tokenizer, max_length=settings.max_length),
        objective.loss,
        measure,
        settings,
        out / CHECKPOINTS,
        progress,
    )
    latest, damaged = _latest(out / CHECKPOINTS, settings) if settings.keep_states else (None, ())
    try:
        trainer.train(resume_from_checkpoint=None if latest is None else str(latest))
        _save(trainer, classifier, out, own)
    except OSError as error:
        raise LabeldistError(f"cannot write the classifier to {out}: {error}", hint="is the disk full?") from error
    resumed = 0 if latest is None else _step(latest)
    summary = replace(_summary(trainer, out, len(chosen), resumed, settings), notes=(*classifier.notes, *damaged))
    write_text(out / RECORD, json.dumps(_record(summary), indent=1) + "\n", note=own.note)
    _remove_checkpoints(out)
    return summary


def measure(logits: np.ndarray, references: np.ndarray) -> dict[str, float]:
    """Every measure of a classifier by name, from its logits and the references, both (N, K)."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    shares = shifted / shifted.sum(axis=1, keepdims=True)
    return {name: METRICS.get(name).value(references.astype(np.float64), shares) for name in MEASURED}


def _loaded(base: str, task: Task, settings: TrainingSettings) -> Classifier:
    require_training()
    import transformers

    transformers.set_seed(settings.seed)  # a new head is random
    return load_classifier(base, task, new_head=True)


def _reference(item: Item, task: Task) -> tuple[float, ...]:
    found = item.reference_distribution(task.label_names)
    return () if found is None else found.probabilities


def _settings_of(
    settings: TrainingSettings,
    items: Sequence[Item],
    targets: Mapping[str, Sequence[float]],
    task: Task,
    base: str,
    dev: Sequence[Item],
) -> dict[str, Any]:
    """What the result depends on, for comparison with an earlier training in the same folder."""
    contents = {
        "items": [[item.id, dict(item.fields), item.votes().total()] for item in items],
        "targets": [[item.id, *targets[item.id]] for item in items],
        "dev": [[item.id, dict(item.fields), dict(item.reference or {})] for item in dev],
    }
    data = {name: hashlib.sha256(json.dumps(found).encode()).hexdigest()[:16] for name, found in contents.items()}
    about = {"task": task.name, "labels": list(task.label_names), "fields": list(task.fields)}
    return {"base": base, "base_revision": weights_revision(base), **about, **asdict(settings), **data}


def _make_room(results: Results, out: Path, now: dict[str, Any], *, overwrite: bool) -> list[str]:
    """Refuse a folder with another training, or make room for this one; returns what to know of it."""
    file, told = out / SETTINGS, ""
    if file.exists():
        try:
            before = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            before = {}
        before = before if isinstance(before, dict) else {}
        told = differing(before, now)
        if told and not overwrite:
            raise UsageError(
                f"{out} holds a training with other settings: {told}", hint="use another --out, or --overwrite"
            )
    if not told and _finished(out) is not None:
        return []
    results.check(overwrite=overwrite)
    if not told:
        return []
    _remove_checkpoints(out)
    return results.clear()


def _remove_checkpoints(out: Path) -> None:
    """Remove what a training keeps until it is done; what else is among it stays."""
    folder = out / CHECKPOINTS
    if not folder.is_dir():
        return
    for kept in folder.iterdir():
        if CHECKPOINT.fullmatch(kept.name) and not kept.is_symlink():
            shutil.rmtree(kept, ignore_errors=True)
    with suppress(OSError):
        folder.rmdir()


def _latest(folder: Path, settings: TrainingSettings) -> tuple[Path | None, tuple[str, ...]]:
    """The latest checkpoint to go on from, and notes on the damaged ones, which are removed.

    It was written whole, as was the best one so far, and after it training did go on: after the last one of a training
    that stopped early nothing is to be done but to stop again, so the one before it is taken.
    """
    found = sorted((one for one in folder.glob("checkpoint-*") if one.name[11:].isdecimal()), key=_step)
    faults = {one: fault(one) for one in found}
    for one in [one for one in found if faults[one]]:
        shutil.rmtree(one, ignore_errors=True)  # or the trainer would count it among those to keep
        found.remove(one)
    notes = tuple(f"{one} was damaged ({why}), and was done again" for one, why in faults.items() if why)
    return next((one for one in reversed(found) if _goes_on(one, found, settings)), None), notes


def _goes_on(checkpoint: Path, whole: Sequence[Path], settings: TrainingSettings) -> bool:
    state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    best = state.get("best_model_checkpoint")
    if best and Path(best).name not in [one.name for one in whole]:
        return False
    higher = METRICS.get(settings.best_by).higher_is_better
    column = f"eval_{settings.best_by}"
    return settings.patience is None or not exhausted(state["log_history"], column, settings.patience, higher=higher)


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def _save(trainer: Any, classifier: Classifier, out: Path, own: OwnFiles) -> None:
    """Write the classifier to a folder of its own, and from there, each file whole and noted, to its place."""
    from labeldist.classifiers.trainer import diverged

    if not all(bool(weights.isfinite().all()) for weights in trainer.model.parameters()):
        raise diverged()
    saved = out / CHECKPOINTS / SAVED
    shutil.rmtree(saved, ignore_errors=True)
    trainer.model.save_pretrained(saved, safe_serialization=True)
    _forget_batches(classifier.tokenizer)
    classifier.tokenizer.save_pretrained(saved)
    for file in sorted(filter(Path.is_file, saved.iterdir())):  # folders are of chat templates
        with file.open("rb") as opened:
            own.note(out / file.name, hashlib.file_digest(opened, "sha256").hexdigest())
            os.fsync(opened.fileno())
        file.replace(out / file.name)


def _forget_batches(tokenizer: Any) -> None:
    """How the last batch was cut and filled up is kept in a fast tokenizer, and is no part of the classifier.

    A training killed after its last step, and gone on with, reads no batch at all, and must save the same.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        backend.no_truncation()
        backend.no_padding()


def _summary(trainer: Any, out: Path, items: int, resumed: int, settings: TrainingSettings) -> TrainingSummary:
    rows = tuple(
        {"step": row["step"], **{name: row[f"eval_{name}"] for name in MEASURED}}
        for row in trainer.state.log_history
        if f"eval_{MEASURED[0]}" in row
    )
    best = None
    if rows:
        sign = 1 if METRICS.get(settings.best_by).higher_is_better else -1
        best = max(rows, key=lambda row: (sign * row[settings.best_by], -row["step"]))
    return TrainingSummary(out, items, trainer.state.global_step, rows, best, resumed)


def _record(summary: TrainingSummary) -> dict[str, Any]:
    from importlib.metadata import version

    return {
        "items": summary.items,
        "steps": summary.steps,
        "measured": summary.measured,
        "best": summary.best,
        "resumed": summary.resumed,
        "notes": summary.notes,
        "versions": {name: version(name) for name in ("labeldist", "torch", "transformers")},
    }


def _finished(out: Path) -> TrainingSummary | None:
    """What an earlier training did; None where it is not finished, or its record or weights are gone."""
    try:
        found = json.loads((out / RECORD).read_text(encoding="utf-8"))
        measured, best, resumed = tuple(found["measured"]), found["best"], found["resumed"]
        items, steps, notes = found["items"], found["steps"], tuple(found["notes"])
    except (OSError, ValueError, LookupError, TypeError):
        return None
    if not (out / "model.safetensors").exists():
        return None
    return TrainingSummary(out, items, steps, measured, best, resumed, notes)
