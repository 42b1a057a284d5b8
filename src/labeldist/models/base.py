"""What a language model is to labeldist: token sequences in, logits of given tokens or text out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do; what it cannot is refused with a clear message, never approximated."""

    generate: bool = True
    raw_logits: bool = True
    log_probabilities: bool = True


@dataclass(frozen=True, slots=True)
class TokenScores:
    """Scores of chosen next tokens for n sequences.

    ``logits``: (n, m) float32, raw logits of the m tokens asked for (log-probabilities where the backend has no
    raw logits; ``log_total`` is then 0). ``log_total``: (n,) float32, log-sum-exp over the whole vocabulary.
    """

    logits: NDArray[np.float32]
    log_total: NDArray[np.float32]


class LanguageModel(Protocol):
    """The seam between labeldist and any language model.

    Rendering and tokenizing happen in :meth:`encode` and nowhere else, so a sequence has exactly one
    beginning-of-sequence token. The scores of a sequence must not depend (beyond 1e-4 in a logit) on which other
    sequences are scored in the same call: runs that resume batch differently and must end with the same results.
    """

    @property
    def name(self) -> str:
        """The name by which the model was opened."""

    @property
    def revision(self) -> str:
        """Identifies the exact weights and settings that answers depend on; part of every cache key."""

    @property
    def answer_style(self) -> str:
        """How the model answers multiple-choice prompts best: ``letters`` or ``words``."""

    @property
    def transform(self) -> str:
        """The transform of its logits to use by default, for instance ``softmax:20``."""

    @property
    def max_new_tokens(self) -> int:
        """The longest answer to generate by default, in tokens: four explanations must fit into its context."""

    @property
    def capabilities(self) -> Capabilities:
        """What the backend can do."""

    def encode(self, prompt: str, reply: str = "") -> list[int]:
        """Token ids of ``prompt`` as the user's turn, followed by the beginning ``reply`` of the model's turn."""

    def next_token_scores(self, sequences: Sequence[Sequence[int]], tokens: Sequence[Sequence[int]]) -> TokenScores:
        """For each of n sequences the scores of ``tokens[i]`` (m ids) as the next token."""

    def generate(
        self, sequences: Sequence[Sequence[int]], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> list[str]:
        """Continue each sequence and return the new text; greedy at temperature 0, repeatable for a seed."""
