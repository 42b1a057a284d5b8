"""What all measurements share: which model, how many items, and the store that keeps every model call."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeldist.calls.recorded import Recorded
from labeldist.calls.store import Store
from labeldist.core.errors import UsageError
from labeldist.models.embedded.model import PACKAGED
from labeldist.models.open import open_model

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "benchmarks"
PACKAGED_SPEC = "embedded"


@dataclass(frozen=True, slots=True)
class Setup:
    """``model``: ``embedded`` or ``embedded:FOLDER``; ``limit``: items per set (None: all).

    ``float32``: a folder with the same model in float32, for the comparison of storages (None: from the checkpoint).
    """

    model: str = PACKAGED_SPEC
    limit: int | None = None
    float32: Path | None = None


def folder_of(spec: str) -> Path:
    """The folder of ``embedded`` or ``embedded:FOLDER``. Raises :class:`UsageError` for another model."""
    name, _, folder = spec.partition(":")
    if name != PACKAGED_SPEC:
        raise UsageError(f"model {spec!r}", hint="this measures the embedded model: use embedded or embedded:FOLDER")
    return Path(folder) if folder else PACKAGED


def settings_of(folder: Path) -> dict[str, Any]:
    """The content of a folder's ``model.json``."""
    found: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    return found


@contextmanager
def opened(spec: str) -> Iterator[Recorded]:
    """The model behind the store of finished calls, so that a measurement that was interrupted goes on."""
    with Store(CACHE / f"calls-{_runtime()}.sqlite") as store:
        yield Recorded(open_model(spec), store)


def _runtime() -> str:
    """Changes with the code that runs the model: its revision names the weights only, and old answers must not stay."""
    files = sorted(PACKAGED.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


class Progress:
    """Prints to standard error how many items a stage has done, every ten seconds and at its end."""

    def __init__(self) -> None:
        self._done: dict[str, int] = {}
        self._told = time.monotonic()

    def __call__(self, stage: str, more: int, items: int | None) -> None:
        """``more`` items of ``items`` are done."""
        self._done[stage] = self._done.get(stage, 0) + more
        if self._done[stage] == items or time.monotonic() - self._told > 10:
            self._told = time.monotonic()
            print(f"  {stage}: {self._done[stage]:,} of {items or 0:,}", file=sys.stderr, flush=True)
