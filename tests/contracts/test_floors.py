"""The floors of docs/architecture.md: no folder imports from a floor above its own, and no folders in circles."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "labeldist"
ROW = re.compile(r"^\| (\d) \| `src/labeldist/(\w+)/` \|", re.MULTILINE)
FLOORS = {folder: int(floor) for floor, folder in ROW.findall((SOURCE.parents[1] / "docs/architecture.md").read_text())}


def imported(file: Path) -> Iterator[str]:
    """The folders of labeldist that a file imports from, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
        yield from (name.split(".")[1] for name in names if name.startswith("labeldist."))


def folders() -> dict[str, set[str]]:
    """Each folder, and those that it imports from."""
    found: dict[str, set[str]] = {
        folder.name: set() for folder in SOURCE.iterdir() if (folder / "__init__.py").exists()
    }
    for folder, others in found.items():
        for file in (SOURCE / folder).rglob("*.py"):
            others.update(name for name in imported(file) if name != folder)
    return found


def test_every_folder_has_a_floor() -> None:
    assert folders().keys() == FLOORS.keys()


def test_no_floor_imports_from_one_above_it() -> None:
    up = [
        f"{folder} imports from {other}"
        for folder, others in folders().items()
        for other in others
        if FLOORS[other] > FLOORS[folder]
    ]
    assert not up


def test_there_are_no_circles() -> None:
    assert [*TopologicalSorter(folders()).static_order()]
