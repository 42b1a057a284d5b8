"""A file of results, {measurement: result}, that measurements made one by one are added to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def read(file: Path) -> dict[str, Any]:
    """What the file has; empty before the first measurement."""
    if not file.is_file():
        return {}
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def write(results: dict[str, Any], order: Iterable[str], file: Path) -> None:
    """Replace the file as a whole, so that a kill leaves the old one; measurements in this order, others left out."""
    file.parent.mkdir(parents=True, exist_ok=True)
    ordered = {name: results[name] for name in order if name in results}
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(file)
