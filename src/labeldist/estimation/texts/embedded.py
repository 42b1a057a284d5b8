"""Texts as features: the vectors of a sentence encoder, of several fields also their differences and products."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labeldist.core.errors import MissingExtraError, UsageError
from labeldist.estimation.observations import Array
from labeldist.evaluation.variability.encoder import load_encoder

MOST_FIELDS = 3  # whose differences and products are taken: pairs grow with the square
FILES = ("*.json", "*.txt", "*.model", "*.safetensors")

Features = NDArray[np.float32]


def embedded_features(fields: Sequence[Sequence[str]], encoder: str) -> Features:
    """A matrix (N, D) of ``fields`` of N texts each; ``encoder``: a folder, or a name on the Hugging Face hub.

    Raises :class:`UsageError` where there is no such encoder, :class:`MissingExtraError` without transformers.
    """
    encode = load_encoder(encoder_named(encoder))
    return combined([encode(texts) for texts in fields])


def combined(vectors: Sequence[Array]) -> Features:
    """The vectors (N, D) of each field, and of each two fields |a - b| and a * b: blocks of the same size, about 0.

    >>> combined([np.eye(2), np.eye(2)[::-1]]).shape
    (2, 8)
    """
    pairs = list(combinations(vectors, 2)) if len(vectors) <= MOST_FIELDS else []
    blocks = [*vectors, *(part for one, other in pairs for part in (np.abs(one - other), one * other))]
    return np.hstack([_scaled(block) for block in blocks]).astype(np.float32)


def _scaled(block: Array) -> Array:
    around: Array = block - block.mean(axis=0)
    size = float(np.sqrt((around**2).sum(axis=1).mean()))
    return around / size if size > 0 else around


def encoder_named(encoder: str) -> Path:
    """The folder of an encoder; one that is no folder is fetched from the hub, if it is not on this machine yet."""
    folder = Path(encoder).expanduser()
    if folder.is_dir():
        return folder
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise MissingExtraError("sentence embeddings", "transformers") from error
    try:
        # Not pinned: the user's choice; no code is run.
        return Path(snapshot_download(encoder, allow_patterns=[*FILES, "*/config.json"]))  # nosec B615
    except Exception as error:  # the hub fails in many ways: names, networks, disks
        told = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(
            f"no sentence encoder {encoder!r}: {told}",
            hint="text:FOLDER names a folder with config.json, tokenizer files and safetensors weights, text:NAME a "
            "model on the Hugging Face hub",
        ) from error
