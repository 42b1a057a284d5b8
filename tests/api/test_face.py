"""The face: what `import labeldist` costs, and what a type checker sees of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import labeldist as ld

USER = """
import labeldist as ld

votes = ld.read("annotations.csv")
known = ld.estimate(votes, evidence={"llm": "mjd.jsonl"})
reveal_type(known.mean)
reveal_type(ld.judge(votes))
ld.estimate(votes, calibrat="labels")
ld.read("annotations.csv", limits=2)
"""


def test_nothing_long_is_imported_with_it() -> None:
    code = "import sys, labeldist; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in ("numpy", "click", "narwhals", "importlib.metadata", "typing"):
        assert f"'{name}'" not in done.stdout


def test_each_verb_is_documented_with_its_source() -> None:
    for name in ld.__all__:
        text = getattr(ld, name).__doc__
        assert text is not None, name
        assert "``source``" in text or name in ("evaluate", "predict", "read") or name.startswith("plot_"), name


@pytest.mark.slow
def test_a_type_checker_sees_it(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "user.py").write_text(USER)
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = True\n")
    command = [sys.executable, "-m", "mypy", "user.py", "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert any("numpy.ndarray" in line for line in lines), done.stdout + done.stderr
    assert any("labeldist.api.distributions.Distributions" in line for line in lines)
    errors = [line for line in lines if "error:" in line]
    assert len(errors) == 2, done.stdout
    assert 'did you mean "calibrate"' in errors[0]
    assert '"limits"' in errors[1]
