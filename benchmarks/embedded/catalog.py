"""The measurements by name, and the file of their results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.embedded import accuracy, chaosnli, lists, speed, storage, tree, varierr
from benchmarks.embedded.setup import Setup

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True)
class Measurement:
    """``measure`` gives the figures as JSON takes them, ``rendered`` their tables in Markdown."""

    measure: Callable[[Setup], dict[str, Any]]
    rendered: Callable[[dict[str, Any]], str]


# The quick ones first: an interrupted benchmark then has most of the tables.
MEASUREMENTS = {
    "accuracy": Measurement(accuracy.measure, accuracy.rendered),
    "speed": Measurement(speed.measure, speed.rendered),
    "tree": Measurement(tree.measure, tree.rendered),
    "lists": Measurement(lists.measure, lists.rendered),
    "chaosnli": Measurement(chaosnli.measure, chaosnli.rendered),
    "varierr": Measurement(varierr.measure, varierr.rendered),
    "storage": Measurement(storage.measure, storage.rendered),
}
