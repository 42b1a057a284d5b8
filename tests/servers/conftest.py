"""The real command, with shorter waits where a test needs them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# The command as it is, but for shorter waits before it asks again.
QUICK_COMMAND = """
import sys
from functools import partial
import labeldist.models.server.model as served
served.Patience = partial(served.Patience, first=0.02, longest=0.2)
from labeldist.cli.main import main
main(sys.argv[1:])
"""


@pytest.fixture
def labeldist(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs ``labeldist`` with the given arguments in an empty folder."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", QUICK_COMMAND, *map(str, arguments)],
            capture_output=True, text=True, cwd=tmp_path, env={**os.environ, **environment}, check=False,
        )  # fmt: skip

    return run
