"""The notebook of the documentation, run: every cell ends well, and shows its picture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.api.test_notebook import run

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"


def cells() -> list[str]:
    """The code of the notebook, cell by cell."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_it_is_committed_without_outputs() -> None:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    nbformat.validate(notebook)


@pytest.mark.slow
def test_every_cell_shows_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pandas", "matplotlib", "mpltern"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    monkeypatch.setenv("PYTHONWARNINGS", "error::UserWarning")
    code = cells()
    found = run(code, tmp_path, "pandas", monkeypatch)
    for verb in ("read", "describe", "estimate", "evaluate", "plan"):
        at = next(at for at, cell in enumerate(code) if f"ld.{verb}(" in cell)
        assert "<svg" in found[at], verb
        assert "<script" not in found[at]
        assert "text/plain" in found[at]
    plots = [at for at, cell in enumerate(code) if "ld.plot_" in cell]
    assert len(plots) == 5
    for at in plots:
        assert "image/png" in found[at], code[at]
    assert not any("Warning" in text for text in found)
