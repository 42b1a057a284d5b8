"""Potato served on loopback, and the environments that ``setup_tools.sh`` makes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("LABELDIST_TOOLS") or Path.home() / ".cache" / "labeldist" / "tools-1")
READY = FOLDER / ".ready"
CHROMIUM = shutil.which("chromium") or ""
SECONDS = 90


@contextmanager
def potato(command: str, log: Path) -> Iterator[str]:
    """Run the ``command`` that `collect` printed, on a free port; gives the address, and ends the server after use."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "-p 8000 --host 127.0.0.1" in command
    # The session, so that a shell's child ends with it.
    environment = {**os.environ, "PATH": f"{FOLDER / 'potato' / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("PYTHONPATH", None)
    with log.open("w") as output:
        process = subprocess.Popen(
            ["sh", "-c", command.replace("-p 8000", f"-p {port}")],
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
        try:
            _wait(process, f"http://127.0.0.1:{port}", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError(f"Potato did not start:\n{log.read_text()[-2000:]}")


def annotate(url: str, user: str, answers: Mapping[str, Mapping[str, str]], screenshot: Path) -> dict[str, Any]:
    """Answer in a browser as ``user``; what was seen there, and dialogs that opened."""
    script = Path(__file__).with_name("annotate.py")
    done = subprocess.run(
        [FOLDER / "browser" / "bin" / "python", script, url, CHROMIUM, user, screenshot],
        input=json.dumps(answers),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found
