"""The measurements by name, and the file of their results."""

from __future__ import annotations

import json
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


def read(file: Path = RESULTS) -> dict[str, Any]:
    """{measurement: {model, limit, result}}; empty before the first measurement."""
    if not file.is_file():
        return {}
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def write(results: dict[str, Any], file: Path) -> None:
    """Replace the file as a whole, so that a kill leaves the old one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    ordered = {name: results[name] for name in MEASUREMENTS if name in results}
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(file)
