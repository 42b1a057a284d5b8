"""How a classifier is fine-tuned."""

from __future__ import annotations

import math
from dataclasses import dataclass

from labeldist.classifiers.objectives import OBJECTIVES
from labeldist.core.errors import UsageError
from labeldist.core.registry import did_you_mean
from labeldist.evaluation.metric import METRICS

# What is measured on a development set.
MEASURED = ("ce", "kl", "kl_mean", "tvd", "accuracy", "f1_weighted", "f1_macro", "ent_ce", "rank_cs")
PRECISIONS = ("float32", "bfloat16", "float16")
REPEATS = 10  # of an item whose target is a distribution and not counts


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """The defaults are those of the second stage of arXiv 2412.13942, section 5 (the first: batch 32, 3 epochs).

    ``objective``: see :mod:`labeldist.classifiers.objectives`. ``learning_rate`` falls to 0 along a line, after
    ``warmup`` (a share of the steps). ``max_length``: tokens of an item. ``evaluate_every``: steps between measurements
    on the development set and between checkpoints (0: at the end of each epoch). ``patience``: stop after so many
    measurements without a better ``best_by`` (None: never). ``repeats``: of an item, where the objective repeats.
    ``keep_states``: checkpoints from which training can go on, not only weights.
    """

    objective: str = "soft-cross-entropy"
    learning_rate: float = 2e-5
    batch_size: int = 4
    epochs: float = 5.0
    max_length: int = 128
    weight_decay: float = 0.01
    warmup: float = 0.0
    seed: int = 42
    evaluate_every: int = 20
    patience: int | None = None
    best_by: str = "f1_macro"
    precision: str = "float32"
    device: str = "auto"
    repeats: int = REPEATS
    keep_states: bool = True

    def __post_init__(self) -> None:
        OBJECTIVES.get(self.objective)
        METRICS.get(self.best_by)
        if self.best_by not in MEASURED:
            raise did_you_mean("measure of a classifier", self.best_by, MEASURED)
        if self.precision not in PRECISIONS:
            raise did_you_mean("number format", self.precision, PRECISIONS)
        for name in ("learning_rate", "epochs", "batch_size", "max_length", "repeats"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise UsageError(f"{name} {value}", hint="give a number above 0")
        if self.evaluate_every < 0:
            raise UsageError(f"evaluate_every {self.evaluate_every}", hint="give steps, or 0 for once in an epoch")
        if self.patience is not None and self.patience < 1:
            raise UsageError(f"patience {self.patience}", hint="give a number of at least 1, or None")
        if not 0 <= self.warmup < 1:
            raise UsageError(f"warmup {self.warmup}", hint="give a share of the steps, at least 0 and below 1")
