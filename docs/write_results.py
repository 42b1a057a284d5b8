"""Brings the results of experiments into the documentation.

python docs/write_results.py EXPERIMENTS     (the folder that `labeldist experiment --out` wrote)

Copies each experiment's tables and figures to docs/results/, and puts its cells without intervals into docs/results.md
between the two comment lines of its name. What is said about them there is written by hand.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "results.md"
INTERVAL = re.compile(r" \([^()|]* to [^()|]*\)")


def main(experiments: Path) -> None:
    """Copy and insert all that is there."""
    page = PAGE.read_text(encoding="utf-8")
    for tables in sorted(experiments.glob("*/results.md")):
        name = tables.parent.name
        text = tables.read_text(encoding="utf-8")
        folder = DOCS / "results"
        folder.mkdir(exist_ok=True)
        figures = sorted(tables.parent.glob("figure-*.svg"))
        for figure in figures:
            shutil.copyfile(figure, folder / f"{name}-{figure.name}")
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
        shown = [short_tables(text), *(f"![{name}](results/{name}-{figure.name})" for figure in figures)]
        page = between(page, name, "\n\n".join(shown))
    PAGE.write_text(page, encoding="utf-8")


def short_tables(text: str) -> str:
    """The tables of a page before its differences, without intervals."""
    lines = text.partition("\n## ")[0].splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith("|"))
    last = max(at for at, line in enumerate(lines) if line.startswith("|"))
    return "\n".join(INTERVAL.sub("", line) for line in lines[first : last + 1])


def between(page: str, name: str, text: str) -> str:
    """The page with ``text`` between the two comment lines of ``name``; unchanged where they are not there."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    return re.sub(
        f"({re.escape(begin)}\n).*?({re.escape(end)})",
        lambda found: f"{found[1]}\n{text}\n\n{found[2]}",
        page,
        flags=re.S,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
