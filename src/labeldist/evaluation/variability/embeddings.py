"""Texts as sentence embeddings."""

from __future__ import annotations

from collections.abc import Sequence

from labeldist.evaluation.metric import Array
from labeldist.evaluation.variability.encoder import encoder_folder, load_encoder
from labeldist.evaluation.variability.similarity import Tools


def embeddings(texts: Sequence[str], tools: Tools) -> list[Array]:
    """A vector of length 1 for each text, by the encoder of ``tools``.

    Raises :class:`~labeldist.core.errors.MissingExtraError` where no encoder is at hand.
    """
    return list(load_encoder(encoder_folder(tools.encoder))([text.strip() for text in texts]))
