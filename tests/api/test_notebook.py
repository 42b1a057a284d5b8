"""The ten lines of the README in a real notebook: with pandas alone, with polars alone, and with neither."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
LIBRARIES = ("pandas", "polars", "pyarrow")
# Run by Python when it starts: what is hidden is neither found nor imported, as if it were not installed.
HIDE = """
import importlib.machinery, sys

class Others(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {hidden!r} else super().find_spec(name, path, target)

sys.meta_path = [Others if one is importlib.machinery.PathFinder else one for one in sys.meta_path]
"""


def ten_lines() -> list[str]:
    """The statements of the README's first Python block."""
    block = re.search(r"## A frame in.*?```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    lines = [line for line in block[1].splitlines() if line.startswith((">>> ", "... "))]
    joined = "\n".join(line[4:] if line.startswith(">>> ") else "\0" + line[4:] for line in lines)
    return joined.replace("\n\0", " ").splitlines()


def run(cells: list[str], folder: Path, shown: str | None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the cells of a notebook show, as texts, where no library of frames but ``shown`` is installed."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    from nbformat.v4 import new_code_cell, new_notebook

    hidden = [name for name in LIBRARIES if name != shown]
    (folder / "sitecustomize.py").write_text(HIDE.format(hidden=hidden))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]))
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    kernel = {"argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "test",
              "language": "python"}  # fmt: skip
    spec = folder / "kernels" / "test" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps(kernel))
    monkeypatch.setenv("JUPYTER_PATH", str(folder))
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="test", resources={"metadata": {"path": folder}}
    )
    client.execute()
    return ["".join(str(out.get("text") or out["data"]) for out in cell.outputs) for cell in notebook.cells]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_the_readme_with_one_library(library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed")
    cells = [cell.replace("import pandas as pd", f"import {library} as pd") for cell in ten_lines()]
    assert f"import {library} as pd" in cells
    cells = [cell.replace(".round(2)", "") for cell in cells]  # pandas' own
    cells += ["print(type(posterior).__module__)", "known", "ld.describe(votes)", "ld.read(votes).told"]
    found = run(cells, tmp_path, library, monkeypatch)
    assert (
        "Estimate(4 items, labels ok, toxic; evidence model saves about 3.9 labels"
        in found[cells.index("print(known)")]
    )
    assert found[-4].startswith(library)
    assert "<table>" in found[-3] and "4 items" in found[-3]  # noqa: PT018 - one output, as HTML and as text
    assert "<table>" in found[-2]
    assert "annotation" in found[-1]


def test_with_neither_a_file_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"{item},{who},{label}" for item, labels in enumerate(["tot", "ooo", "ttt", "oot"], 1)
            for who, label in zip("abc", labels, strict=True)]  # fmt: skip
    text = "item,annotator,label\n" + "\n".join(rows).replace(",t", ",toxic").replace(",o", ",ok")
    (tmp_path / "votes.csv").write_text(text + "\n")
    frame = "try:\n    known.to_frame()\nexcept Exception as error:\n    print(error)"
    cells = [
        "import labeldist as ld",
        "known = ld.estimate('votes.csv')",
        "print(known)",
        "print(known.mean.shape)",
        frame,
    ]
    found = run(cells, tmp_path, None, monkeypatch)
    assert "Estimate(4 items, labels ok, toxic; no evidence" in found[2]
    assert found[3] == "(4, 2)\n"
    assert "no library for them is installed" in found[4]
    assert "pandas, polars, pyarrow" in found[4]
