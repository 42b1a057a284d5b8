"""The trainer of Hugging Face transformers, set up for soft labels. Importing this file imports torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from labeldist.classifiers.batches import Row
from labeldist.classifiers.checkpoints import seal
from labeldist.classifiers.classifier import Classifier
from labeldist.classifiers.device import chosen_device
from labeldist.classifiers.objectives import Loss
from labeldist.classifiers.patience import exhausted
from labeldist.classifiers.settings import TrainingSettings
from labeldist.core.errors import LabeldistError, UsageError
from labeldist.runs.stage_report import Progress

KEPT_CHECKPOINTS = 2  # the best and the latest


def make_trainer(
    classifier: Classifier,
    rows: Sequence[Row],
    dev_rows: Sequence[Row],
    batches: Callable[[Sequence[Row]], dict[str, Any]],
    loss: Loss,
    measure: Callable[[np.ndarray, np.ndarray], dict[str, float]],
    settings: TrainingSettings,
    checkpoints: Path,
    progress: Progress,
) -> Trainer:
    """A trainer with checkpoints in the folder ``checkpoints``; it reports nothing to anybody and prints nothing."""

    # Given as a function of its own, or float targets would silently select binary cross-entropy.
    def soft_loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        found = loss(outputs.logits, labels)
        if not found.isfinite():
            raise diverged()
        return found

    callbacks: list[TrainerCallback] = [_Told(progress)]
    if dev_rows and settings.patience is not None:
        callbacks.append(_Patience(settings.best_by, settings.patience, higher=_greater(settings)))
    if settings.keep_states:
        callbacks.append(_Sealed())
    trainer = Trainer(
        model=classifier.model,
        args=_arguments(settings, checkpoints, len(rows), bool(dev_rows)),
        data_collator=batches,
        train_dataset=list(rows),
        eval_dataset=list(dev_rows) or None,
        compute_loss_func=soft_loss,
        compute_metrics=lambda found: measure(np.asarray(found.predictions), np.asarray(found.label_ids)),
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _arguments(settings: TrainingSettings, checkpoints: Path, rows: int, has_dev: bool) -> TrainingArguments:
    cpu = chosen_device(settings.device) == "cpu"
    if cpu and settings.precision == "float16":
        raise UsageError("float16 without a GPU", hint="use --precision bfloat16 or float32")
    steps_of_epoch = math.ceil(rows / settings.batch_size)
    every = settings.evaluate_every or steps_of_epoch
    warmup = round(settings.warmup * math.ceil(steps_of_epoch * settings.epochs))
    return TrainingArguments(
        output_dir=str(checkpoints),
        learning_rate=settings.learning_rate,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=64,
        num_train_epochs=settings.epochs,
        weight_decay=settings.weight_decay,
        warmup_steps=warmup,
        lr_scheduler_type="linear",
        seed=settings.seed,
        data_seed=settings.seed,
        eval_strategy="steps" if has_dev else "no",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=KEPT_CHECKPOINTS,
        save_only_model=not settings.keep_states,
        load_best_model_at_end=has_dev,
        metric_for_best_model=settings.best_by if has_dev else None,
        greater_is_better=_greater(settings) if has_dev else None,
        bf16=settings.precision == "bfloat16",
        fp16=settings.precision == "float16",
        use_cpu=cpu,
        remove_unused_columns=False,
        average_tokens_across_devices=False,
        logging_strategy="no",
        disable_tqdm=True,
        report_to="none",
        dataloader_pin_memory=not cpu,
    )


def _greater(settings: TrainingSettings) -> bool:
    from labeldist.evaluation.metric import METRICS

    return METRICS.get(settings.best_by).higher_is_better


def diverged() -> LabeldistError:
    """What is said of weights that are of no use any more."""
    return LabeldistError(
        "the training diverged: the classifier gives numbers that are not finite",
        hint="use a smaller --learning-rate, or --precision float32",
    )


class _Patience(TrainerCallback):
    """Stops early. The callback of transformers counts along the way, and begins at 0 when a training goes on."""

    def __init__(self, name: str, patience: int, *, higher: bool) -> None:
        self._column = f"eval_{name}"
        self._patience = patience
        self._higher = higher

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if exhausted(state.log_history, self._column, self._patience, higher=self._higher):
            control.should_training_stop = True


class _Sealed(TrainerCallback):
    """Notes what is in each checkpoint as soon as it is written."""

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if checkpoint.is_dir():  # a training that goes on may have dropped it already, for a later one of before
            seal(checkpoint)


class _Told(TrainerCallback):
    """Passes each step on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._progress("train", 1, state.max_steps)
