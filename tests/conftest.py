"""What several tests need: the folder of real data, where there is one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets that is never committed; a test that needs it is skipped without it."""
    folder = Path(os.environ.get("LABELDIST_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no data at {folder}: set LABELDIST_DATA to the folder of data sets")
    return folder
