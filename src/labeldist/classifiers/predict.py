"""What a trained classifier says of items: a distribution each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from labeldist.classifiers.classifier import Classifier, encoded, load_classifier, texts_of
from labeldist.classifiers.device import chosen_device
from labeldist.core.item import Item
from labeldist.core.task import Task

BATCH = 64


def predict(
    items: Iterable[Item],
    task: Task,
    name: str,
    *,
    max_length: int = 128,
    batch_size: int = BATCH,
    device: str = "auto",
) -> Iterator[tuple[str, tuple[float, ...]]]:
    """The id of each item with its probabilities (K,) in label order, a batch at a time, by the classifier ``name``.

    Raises :class:`~labeldist.core.errors.UsageError` for a model that is no classifier of the task's labels, and
    :class:`~labeldist.core.errors.MissingExtraError` without the extra ``train``.
    """
    yield from predicted(load_classifier(name, task, new_head=False), items, task, max_length, batch_size, device)


def predicted(
    classifier: Classifier, items: Iterable[Item], task: Task, max_length: int, batch_size: int, device: str
) -> Iterator[tuple[str, tuple[float, ...]]]:
    """As :func:`predict`, with a classifier that is loaded."""
    import torch

    where = chosen_device(device)
    model = classifier.model.to(where).eval()
    iterator = iter(items)
    while batch := list(islice(iterator, batch_size)):
        inputs = encoded(
            classifier.tokenizer, [texts_of(item, task, classifier.tokenizer) for item in batch], max_length
        )
        with torch.inference_mode():
            logits = model(**{key: value.to(where) for key, value in inputs.items()}).logits
        shares = logits.double().softmax(dim=-1).cpu().numpy()
        for item, row in zip(batch, shares.tolist(), strict=True):
            by_place = dict(zip(classifier.order, row, strict=True))
            yield item.id, tuple(by_place[at] for at in range(len(row)))
