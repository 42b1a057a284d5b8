"""The folder of real data as the data folder of the test."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def real(shared_data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    if not (shared_data / "evade").is_dir():
        pytest.skip(f"no evade in {shared_data}")
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    monkeypatch.setenv("LABELDIST_CACHE", str(tmp_path / "cache"))
    return shared_data
