"""The items of a training as batches: texts are turned into tokens a batch at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeldist.classifiers.classifier import Classifier, encoded, texts_of
from labeldist.classifiers.objectives import repeated
from labeldist.core.distribution import LabelDistribution
from labeldist.core.item import Item
from labeldist.core.task import Task

Row = tuple[tuple[str, ...], NDArray[np.float64]]


def training_rows(
    items: Sequence[Item],
    targets: Mapping[str, Sequence[float]],
    task: Task,
    classifier: Classifier,
    *,
    repeats: int | None = None,
) -> list[Row]:
    """The texts and the target (K,) of each item that has a target, in the order of the classifier's outputs.

    ``repeats``: so many rows of each item, each with one label for certain (None: one row with the distribution); as
    many as the item has labels where the target is their relative frequencies. Raises
    :class:`~labeldist.core.errors.InputError` for a target that is no distribution over the task's labels.
    """
    rows: list[Row] = []
    for item in items:
        if item.id not in targets:
            continue
        given = LabelDistribution(task.label_names, tuple(map(float, targets[item.id])))
        target = np.array(given.probabilities)[list(classifier.order)]
        several = [target] if repeats is None else list(repeated(target, _times(item, given, repeats)))
        texts = texts_of(item, task, classifier.tokenizer)
        rows += [(texts, one) for one in several]
    return rows


def _times(item: Item, target: LabelDistribution, repeats: int) -> int:
    counts = np.array(item.label_counts(target.labels), dtype=np.float64)
    same = counts.sum() > 0 and np.allclose(counts / max(counts.sum(), 1), target.probabilities)
    return item.votes().total() if same else repeats


def batch(rows: Sequence[Row], tokenizer: Any, max_length: int) -> dict[str, Any]:
    """What the model takes of these rows, as tensors, and ``labels`` (B, K) in float32."""
    import torch

    inputs = encoded(tokenizer, [texts for texts, _ in rows], max_length)
    return {**inputs, "labels": torch.tensor(np.array([target for _, target in rows]), dtype=torch.float32)}
