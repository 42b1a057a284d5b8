"""Items of a finished run for reading: texts, labels, and all their distributions side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from labeldist.core.distribution import LabelDistribution
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.predictions import read_predictions
from labeldist.evaluation.contested import ChosenItems

BAR = 8
EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
PAGE = 78


def chosen_items(
    items: Iterable[Item], wanted: int | Sequence[str], labels: Sequence[str]
) -> tuple[list[Item], list[str]]:
    """The first ``wanted`` items, or some by id, ``disputed:N`` or ``agreed:N``, in this order; and unknown ids."""
    chosen = ChosenItems(wanted, labels)
    for item in islice(items, wanted) if isinstance(wanted, int) else items:
        chosen.add(item)
    return [item for item, _ in chosen.items()], sorted(chosen.missing)


def lines_of_items(items: Sequence[Item], files: Mapping[str, Path], task: Task) -> Iterator[str]:
    """Each of ``items`` as lines, with what the files of distributions ({name to show: file}) have for it."""
    ids = {item.id for item in items}
    found = {
        name: {row.id: row.distribution for row in read_predictions(file, task) if row.id in ids}
        for name, file in files.items()
    }
    for item in items:
        of_item = {name: by_id[item.id] for name, by_id in found.items() if item.id in by_id}
        yield from (*item_lines(item, of_item, task), "")


def item_lines(item: Item, distributions: Mapping[str, LabelDistribution], task: Task) -> Iterator[str]:
    """An item as lines of text: its fields, its labels, and a row of bars per label.

    ``distributions`` by the name to show; the item's reference is added as the last one. Distributions that do not
    fit side by side go into further blocks.

    >>> from labeldist.tasks.load import load_task
    >>> item = Item("7", {"premise": "It rains.", "hypothesis": "Wet."}, reference={"neutral": 1, "entailment": 3})
    >>> print(*item_lines(item, {}, load_task("nli")), sep="\\n")
    7
      premise: It rains.
      hypothesis: Wet.
                     reference
      entailment     ██████   0.75
      neutral        ██       0.25
      contradiction           0.00
    """
    yield item.id
    for name in task.fields:
        yield f"  {name}: {item.fields[name]}"
    given = item.votes()
    if given:
        yield f"  labels: {', '.join(f'{given[label]} {label}' for label in task.label_names if given[label])}"
    columns = dict(distributions)
    reference = item.reference_distribution(task.label_names)
    if reference is not None:
        columns["reference"] = reference
    margin = max(len(label) for label in task.label_names) + 4
    width = max(BAR + 5, *(len(name) for name in columns)) if columns else 0
    side_by_side = max((PAGE - margin + 2) // (width + 2), 1)
    names = list(columns)
    for start in range(0, len(names), side_by_side):
        block = names[start : start + side_by_side]
        yield (" " * margin + "  ".join(f"{name:{width}}" for name in block)).rstrip()
        for at, label in enumerate(task.label_names):
            bars = "  ".join(f"{_bar(columns[name].probabilities[at]):{width}}" for name in block)
            yield f"  {label:{margin - 2}}{bars}".rstrip()


def _bar(probability: float) -> str:
    whole, eighths = divmod(round(probability * BAR * 8), 8)
    return f"{'█' * whole + EIGHTHS[eighths]:{BAR}} {probability:.2f}"
