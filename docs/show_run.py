"""Shows a few items of a finished run, with what each kind of explanations made of them.

python docs/show_run.py FOLDER ID [ID ...]
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.files import read_items
from labeldist.datasets.predictions import Prediction, read_predictions
from labeldist.tasks.load import load_task

WIDTH = 9
EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


def bar(probability: float) -> str:
    """A bar of at most nine blocks, and the number.

    >>> bar(0.5)
    '████▌     0.50'
    """
    whole, eighths = divmod(round(probability * WIDTH * 8), 8)
    return f"{'█' * whole + EIGHTHS[eighths]:{WIDTH}} {probability:.2f}"


def show(item: Item, predictions: dict[str, Prediction], task: Task) -> None:
    """Print an item: its texts, its labels, and a line per label with all distributions side by side."""
    print(f"\n{item.id}")
    for name, text in item.fields.items():
        print(f"  {name}: {text}")
    given = Counter(annotation.label for annotation in item.labels)
    print(f"  labels: {', '.join(f'{given[label]} {label}' for label in task.label_names if given[label])}")
    columns = {name: prediction.distribution for name, prediction in predictions.items()}
    reference = item.reference_distribution(task.label_names)
    if reference is not None:
        columns["reference"] = reference
    width = max(len(label) for label in task.label_names)
    print(" " * (width + 4) + "  ".join(f"{name:{WIDTH + 5}}" for name in columns).rstrip())
    for at, label in enumerate(task.label_names):
        print(f"  {label:{width}}  " + "  ".join(bar(column.probabilities[at]) for column in columns.values()))


def main(folder: Path, ids: list[str], task: Task) -> None:
    """Print the items of ``folder`` with these ids, the distributions in the order in which the run wrote them."""
    found = {item.id: item for item in read_items(folder / "explanations.jsonl", task) if item.id in ids}
    files = sorted(folder.glob("mjd.*.jsonl"), key=lambda file: file.stat().st_mtime_ns)
    mjds = {
        file.name.removeprefix("mjd.").removesuffix(".jsonl"): {row.id: row for row in read_predictions(file, task)}
        for file in files
    }
    for name in ids:
        show(found[name], {mjd: rows[name] for mjd, rows in mjds.items() if name in rows}, task)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:], load_task("nli"))
