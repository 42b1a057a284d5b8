"""The network as one function over arrays: an ONNX session with explicit positions, mask and cache.

Who calls may give any positions and any mask, so that a sequence can hold a tree of prompts; a cache whose first
dimension is 1 is shared by all sequences of the call.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
T = TypeVar("T")
# Keys and values per layer, each (b or 1, heads, positions, size).
Cache = Sequence[tuple[Floats, Floats]]

LANES = 2  # batches that are computed at a time: two at once keep two cores busier than one on both
HIDDEN = np.float32(-1e9)  # added to the attention score of what a token must not see


@dataclass(frozen=True, slots=True)
class Computed:
    """What a forward pass gives.

    ``logits`` (w, vocabulary) of the hidden states that were wanted. ``hidden`` (b * e, width): the chosen tokens'
    hidden states behind the last layer. ``fresh``: keys and values of the new tokens only, each (b, heads, t, size).
    """

    logits: Floats
    hidden: Floats
    fresh: list[tuple[Floats, Floats]]


class Session:
    """An opened ONNX file. ``layers``, ``heads``, ``size`` and ``width`` are those of the network."""

    def __init__(self, file: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # A memory plan is made per shape of batch, and nearly every batch has its own: plans would only pile up.
        options.enable_mem_pattern = False
        # The lanes' own threads compute too, beside those of the session.
        options.intra_op_num_threads = max(1, _cores() - LANES + 1)
        self._session: Any = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        shapes = {value.name: value.shape for value in self._session.get_inputs()}
        self.layers = sum(name.startswith("past_key_") for name in shapes)
        self.heads, self.size = int(shapes["past_key_0"][1]), int(shapes["past_key_0"][3])
        self.width = int(shapes["states"][1])

    def empty_cache(self) -> list[tuple[Floats, Floats]]:
        """A cache of no positions, shared by all sequences."""
        none = np.zeros((1, self.heads, 0, self.size), dtype=np.float32)
        return [(none, none)] * self.layers

    def forward(
        self,
        ids: Ints,
        positions: Ints,
        mask: Floats,
        cache: Cache,
        rows: Ints,
        states: Floats | None = None,
        wanted: Ints | None = None,
    ) -> Computed:
        """Compute t new tokens of each of b sequences, and ``rows`` (b, e), e of each, to the end.

        ``ids`` and ``positions`` are (b, t); ``mask`` is (b or 1, 1, t, p + t), where p is the number of positions
        in the cache. ``wanted`` (w,) says which hidden states get logits (default: these b * e): indices into these
        and, behind them, ``states`` (s, width), which earlier passes gave. The caller keeps the cache.
        """
        feed: dict[str, Any] = {
            "ids": ids,
            "positions": positions,
            "mask": mask,
            "rows": rows,
            "states": np.empty((0, self.width), dtype=np.float32) if states is None else states,
            "wanted": np.arange(rows.size) if wanted is None else wanted,
        }
        for layer, (key, value) in enumerate(cache):
            feed[f"past_key_{layer}"], feed[f"past_value_{layer}"] = key, value
        logits, hidden, *new = self._session.run(None, feed)
        return Computed(logits, hidden, list(zip(new[::2], new[1::2], strict=True)))


def in_lanes(work: Callable[[T], None], batches: Iterable[T]) -> None:
    """Do the work of each batch, :data:`LANES` of them at a time; what one raises is raised.

    Each batch is computed as it would be alone, so nothing depends on which ones meet.
    """
    with ThreadPoolExecutor(LANES) as lanes:
        for _ in lanes.map(work, batches):
            pass


def _cores() -> int:
    """The cores that this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
