"""A real vLLM server on CPU, in the environment that ``setup_vllm.sh`` makes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(os.environ.get("LABELDIST_VLLM") or Path.home() / ".cache" / "labeldist" / "vllm-0.32.0")
READY = FOLDER / ".ready"
SECONDS = 300


class Served(NamedTuple):
    """The address of a server, and the session of its processes."""

    url: str
    session: int

    def processor_seconds(self) -> float:
        """What all its processes have computed so far (Linux): others' work on the machine changes that little."""
        ticks = 0
        for file in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = file.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended
            if int(fields[3]) == self.session:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(model: Path, log: Path, *more: str, key: str | None = None, threads: int | None = None) -> Iterator[Served]:
    """Serve the model in a folder under the name ``tiny``; gives where, and ends the server after use.

    ``threads`` that compute (default: one per core).
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        FOLDER / "bin" / "vllm", "serve", model, "--served-model-name", "tiny", "--host", "127.0.0.1", "--port", port,
        "--dtype", "float32", "--max-model-len", "2048", "--enable-prompt-tokens-details", *more,
        *(("--api-key", key) if key else ()),
    ]  # fmt: skip
    environment = {
        **os.environ, "VLLM_CPU_KVCACHE_SPACE": "2", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1",
        "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": str(threads or os.cpu_count()),
    }  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with log.open("w") as output:
        process = subprocess.Popen(
            list(map(str, command)), stdout=output, stderr=output, env=environment, start_new_session=True
        )
        try:
            _wait(process, url, log)
            yield Served(url, process.pid)
        finally:
            # Its workers are in its session: they end with it.
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError(f"vLLM did not start:\n{log.read_text()[-2000:]}")
