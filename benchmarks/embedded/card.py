"""Puts the tables of results.json into the model card, between `<!-- measured: NAME -->` and `<!-- end -->`."""

from __future__ import annotations

import re
from typing import Any

from benchmarks.embedded import catalog
from benchmarks.results import read
from labeldist.models.embedded.model import PACKAGED

CARD = PACKAGED / "MODEL_CARD.md"
PLACE = re.compile(r"(?<=^<!-- measured: )(\w+)( -->\n)(.*?)(?=^<!-- end -->$)", re.MULTILINE | re.DOTALL)


def filled(card: str, results: dict[str, Any]) -> str:
    """The card with every table as ``results`` has it; a place without results becomes empty."""

    def table(match: re.Match[str]) -> str:
        name = match[1]
        text = catalog.MEASUREMENTS[name].rendered(results[name]["result"]) + "\n" if name in results else ""
        return f"{name}{match[2]}{text}"

    return PLACE.sub(table, card)


def places(card: str) -> list[str]:
    """The names of the measurements that the card has a place for, in its order."""
    return [match[1] for match in PLACE.finditer(card)]


def main() -> None:
    """Rewrite the model card."""
    CARD.write_text(filled(CARD.read_text(encoding="utf-8"), read(catalog.RESULTS)), encoding="utf-8")


if __name__ == "__main__":
    main()
