"""Draws the five labels of each demonstration item from its reference, and writes them into the items' file.

python -m labeldist.datasets.demo.draw_labels

The items' authors made up the texts and the references. Labels written by hand to agree with a reference would make
plain frequencies look best; drawn ones miss it as those of five people do.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from labeldist.datasets.catalog import annotated

FILE = Path(__file__).parent / "items.jsonl"
LABELS = 5
SEED = 0


def with_drawn_labels(rows: Iterable[dict[str, Any]], seed: int = SEED) -> Iterator[dict[str, Any]]:
    """The rows, each with labels drawn with replacement from its reference, by one generator from first to last."""
    random = Random(seed)
    for row in rows:
        votes = row["reference"]
        yield {**row, "labels": annotated("demo", random.choices([*votes], [*votes.values()], k=LABELS))}


def main() -> None:
    """Replace the labels in the file; all else stays as it is."""
    rows = map(json.loads, FILE.read_text(encoding="utf-8").splitlines())
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in with_drawn_labels(rows)]
    FILE.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
