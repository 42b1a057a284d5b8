"""Small files, small functions: what outgrows them has a second purpose, which wants a place of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
MOST_OF_A_FILE, MOST_OF_A_FUNCTION = 400, 60  # lines, docstrings among them


def too_large(folder: Path) -> Iterator[str]:
    """Each file and function under ``folder`` that is too long, and how long it is."""
    for file in sorted(folder.rglob("*.py")):
        text, name = file.read_text(encoding="utf-8"), file.relative_to(folder)
        if (lines := len(text.splitlines())) > MOST_OF_A_FILE:
            yield f"{name}: {lines} lines, of at most {MOST_OF_A_FILE}"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MOST_OF_A_FUNCTION:
                    yield f"{name}: {node.name} has {lines} lines, of at most {MOST_OF_A_FUNCTION}"


def test_files_and_functions_are_small() -> None:
    found = [*too_large(SOURCE)]
    assert not found, "split along purposes:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1\n" * 400, []),
        ("x = 1\n" * 401, ["a/b.py: 401 lines, of at most 400"]),
        ("class C:\n    async def f(self):\n" + "        x = 1\n" * 59, []),
        (
            "class C:\n    @decorated\n    async def f(self):\n" + "        x = 1\n" * 60,
            ["a/b.py: f has 61 lines, of at most 60"],
        ),
    ],
)
def test_what_is_too_large_is_named(tmp_path: Path, text: str, told: list[str]) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.py").write_text(text)
    assert [*too_large(tmp_path)] == told
