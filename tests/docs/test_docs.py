"""The documentation, run: commands end well, Python examples give what they show, links lead somewhere.

A page is worked through from top to bottom in an empty folder. A comment right before a code block says what to do:
``file: PATH`` writes the block to that file, ``append: PATH`` appends it (a path below ``src/labeldist`` means a copy
of the package, which the commands after it then use), ``not run: REASON`` leaves it out, which is shown as a skipped
test. Without a comment, the lines that begin with ``$`` of console and bash blocks are run (``pip install ./FOLDER``
installs what the page wrote where later commands find it), and Python blocks are doctests. To save time the model is
``scripted`` unless a command names one, and commands read eight items.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.installing import install

from labeldist.datasets.catalog import DATASETS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"(?:^<!-- ([^\n]*?) -->\n)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:src|docs|tests|training|benchmarks)/[\w./-]*)`")
COMMAND = re.compile(r"((?:\w+=\S+ )*labeldist )(\w+)(.*)", re.DOTALL)
SHELL = ("console", "bash")
INSTALL = "pip install ./"
MARKS = ("file", "append", "not run")


@dataclass(frozen=True)
class Block:
    """A code block: its page and line, the comment before it, its language and text."""

    page: Path
    line: int
    mark: str
    value: str
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def commands(self) -> list[str]:
        joined = self.text.replace("\\\n", " ")
        return [line[2:] for line in joined.splitlines() if line.startswith("$ ")]

    @property
    def needs_data(self) -> bool:
        names = set(DATASETS.names()) - {"demo"}
        words = {word.partition(":")[0] for command in self.commands() for word in command.split()}
        return self.language in SHELL and bool(words & names)


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        mark, _, value = (match[1] or "").partition(": ")
        mark, value = (mark, value) if mark in MARKS else ("", "")
        found.append(Block(page, text.count("\n", 0, match.start(2)) + 1, mark, value.strip(), match[2], match[3]))
    return found


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


NOT_RUN = [block for page in PAGES for block in blocks(page) if block.mark == "not run"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(tmp_path / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LABELDIST_CACHE": str(tmp_path / "cache"),
        "COLUMNS": "100",
    }


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_works_from_top_to_bottom(page: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    for block in blocks(page):
        if block.mark != "not run" and not block.needs_data:
            run_experiment(block, tmp_path, environment)


@pytest.mark.parametrize("page", [page for page in PAGES if any(b.needs_data for b in blocks(page))], ids=name_of)
def test_its_commands_on_named_data_sets_work(
    page: Path, tmp_path: Path, environment: dict[str, str], shared_data: Path
) -> None:
    for block in blocks(page):
        if block.mark != "not run" and block.needs_data:
            run_experiment(block, tmp_path, {**environment, "LABELDIST_DATA": str(shared_data)})


@pytest.mark.parametrize("block", NOT_RUN, ids=lambda block: block.name)
def test_what_is_not_run_says_why(block: Block) -> None:
    assert block.value, f"{block.name}: say why this is not run"
    pytest.skip(f"{block.name} is not run: {block.value}")


def run_experiment(block: Block, folder: Path, environment: dict[str, str]) -> None:
    if block.mark in ("file", "append"):
        write(block, folder)
    elif block.language in SHELL:
        assert block.commands(), f"{block.name}: commands begin with '$ '"
        for command in block.commands():
            if command.startswith(INSTALL):
                install(folder / command.removeprefix(INSTALL), folder / "src")
                continue
            assert COMMAND.match(command), f"{block.name}: say why {command!r} is not run"
            run(["bash", "-c", quickened(command)], block, folder, environment)
    elif block.language == "python":
        assert ">>>" in block.text, f"{block.name}: a Python block is a doctest, a file, or not run"
        example = folder / "example.txt"
        example.write_text(block.text, encoding="utf-8")
        check = "import doctest, sys; sys.exit(bool(doctest.testfile('example.txt', module_relative=False).failed))"
        run([sys.executable, "-c", check], block, folder, environment)


def write(block: Block, folder: Path) -> None:
    target = folder / block.value
    package = folder / "src" / "labeldist"
    if package in target.parents and not package.exists():
        shutil.copytree(ROOT / "src" / "labeldist", package, ignore=shutil.ignore_patterns("__pycache__"))
    assert target.exists() == (block.mark == "append"), f"{block.name}: is {block.value} there already?"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("a", encoding="utf-8") as file:
        file.write(block.text)


def run(command: list[str], block: Block, folder: Path, environment: dict[str, str]) -> None:
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, f"{block.name}: {command[-1]}\n{ended.stdout}{ended.stderr}"


def quickened(command: str) -> str:
    """The command with a model that needs no time, and a few items.

    >>> quickened("labeldist run demo --out here")
    'labeldist run --model scripted --limit 8 demo --out here'
    """
    match = COMMAND.match(command)
    assert match is not None
    start, name, rest = match.groups()
    if name in ("run", "explain", "judge") and "--model" not in rest:
        name += " --model scripted"
    if name.split()[0] in ("run", "explain", "select", "judge", "evaluate") and "--limit" not in rest:
        name += " --limit 8"
    return start + name + rest


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    prose = BLOCK.sub("", text)
    for target in LINK.findall(prose):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, heading = target.partition("#")
        place = page.parent / file if file else page
        assert place.exists(), f"{name_of(page)}: no {target}"
        assert not heading or heading in headings(place), f"{name_of(page)}: no heading {target}"
    written = {block.value for block in blocks(page) if block.mark == "file"}
    for path in PATH.findall(prose):
        assert path in written or (ROOT / path).exists(), f"{name_of(page)}: no {path}"


def headings(page: Path) -> Iterator[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    for line in BLOCK.sub("", page.read_text(encoding="utf-8")).splitlines():
        if line.startswith("#"):
            yield re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower()).replace(" ", "-")


def test_the_reference_of_commands_is_what_help_says() -> None:
    spec = importlib.util.spec_from_file_location("write_cli_reference", ROOT / "docs" / "write_cli_reference.py")
    assert spec is not None
    assert spec.loader is not None
    writer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer)
    assert writer.FILE.read_text(encoding="utf-8") == writer.reference(), "run: make docs"


def test_every_command_is_named_in_the_readme() -> None:
    from labeldist.cli.main import COMMANDS

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`labeldist {name}" not in readme] == []
