"""Help is fast because nothing heavy is imported for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from labeldist.cli.main import COMMANDS

HEAVY = (
    "torch", "onnxruntime", "scipy", "pyarrow", "pandas", "polars", "transformers", "tokenizers", "numpy", "rich",
    "openai",
)  # fmt: skip


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS), ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from labeldist.cli.main import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit as end: status = end.code\n"
        f"print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules], status)"
    )
    out = python(code)
    assert out.endswith("HEAVY [] 0\n")
    assert "labeldist" in out


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert python(f"import sys, labeldist; print([n for n in {HEAVY!r} if n in sys.modules])") == "[]\n"


def test_every_command_is_there_and_has_its_help_line() -> None:
    out = python("from labeldist.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass")
    for name in COMMANDS:
        assert f"\n  {name}" in out
