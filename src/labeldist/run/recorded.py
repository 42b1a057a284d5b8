"""A language model that never repeats a finished call: answers come from the store where it has them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from labeldist.models.base import Capabilities, LanguageModel, TokenScores
from labeldist.run.store import Call, Store


class Recorded:
    """Wraps a model; is itself a :class:`~labeldist.models.base.LanguageModel`.

    A call's key is the hash of what the answer depends on (kind, model name and revision, tokens, parameters) and
    of nothing else, so the same question is never paid for twice, whichever stage or run asks it. Answers are in the
    store before they are returned. ``made`` and ``reused`` count calls.
    """

    def __init__(self, model: LanguageModel, store: Store) -> None:
        self._model = model
        self._store = store
        self._identity = f"{model.name} {model.revision}"
        self.made = 0
        self.reused = 0

    @property
    def name(self) -> str:
        """The wrapped model's name."""
        return self._model.name

    @property
    def revision(self) -> str:
        """The wrapped model's revision."""
        return self._model.revision

    @property
    def answer_style(self) -> str:
        """The wrapped model's answer style."""
        return self._model.answer_style

    @property
    def transform(self) -> str:
        """The wrapped model's default transform."""
        return self._model.transform

    @property
    def max_new_tokens(self) -> int:
        """The wrapped model's default length of answers."""
        return self._model.max_new_tokens

    @property
    def capabilities(self) -> Capabilities:
        """What the wrapped model can do."""
        return self._model.capabilities

    def encode(self, prompt: str, reply: str = "") -> list[int]:
        """As the wrapped model does; not recorded, it costs nothing."""
        return self._model.encode(prompt, reply)

    def next_token_scores(self, sequences: Sequence[Sequence[int]], tokens: Sequence[Sequence[int]]) -> TokenScores:
        """Known scores from the store, the others from the model."""
        keys = [
            self._key("next_token", sequence, list(wanted)) for sequence, wanted in zip(sequences, tokens, strict=True)
        ]
        known = self._store.responses(keys)
        missing = [at for at, key in enumerate(keys) if key not in known]
        if missing:
            made = self._model.next_token_scores([sequences[at] for at in missing], [tokens[at] for at in missing])
            responses = [
                {"logits": logits.tolist(), "log_total": float(total)}
                for logits, total in zip(made.logits, made.log_total, strict=True)
            ]
            self._keep("next_token", keys, sequences, missing, responses, known)
        self._count(len(keys), len(missing))
        answers = [known[key] for key in keys]
        return TokenScores(
            np.array([answer["logits"] for answer in answers], dtype=np.float32),
            np.array([answer["log_total"] for answer in answers], dtype=np.float32),
        )

    def generate(
        self, sequences: Sequence[Sequence[int]], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> list[str]:
        """Known texts from the store, the others from the model."""
        # At temperature 0 nothing is drawn, so the seed is no part of the question.
        parameters = [max_new_tokens, temperature, seed if temperature else None]
        keys = [self._key("generate", sequence, parameters) for sequence in sequences]
        known = self._store.responses(keys)
        missing = [at for at, key in enumerate(keys) if key not in known]
        if missing:
            texts = self._model.generate(
                [sequences[at] for at in missing], max_new_tokens=max_new_tokens, temperature=temperature, seed=seed
            )
            self._keep("generate", keys, sequences, missing, texts, known)
        self._count(len(keys), len(missing))
        return [known[key] for key in keys]

    def _keep(
        self,
        kind: str,
        keys: Sequence[bytes],
        sequences: Sequence[Sequence[int]],
        missing: Sequence[int],
        responses: Sequence[Any],
        known: dict[bytes, Any],
    ) -> None:
        self._store.add(
            Call(keys[at], kind, self._identity, len(sequences[at]), response)
            for at, response in zip(missing, responses, strict=True)
        )
        known.update((keys[at], response) for at, response in zip(missing, responses, strict=True))

    def _count(self, asked: int, made: int) -> None:
        self.made += made
        self.reused += asked - made

    def _key(self, kind: str, sequence: Sequence[int], parameters: Sequence[object]) -> bytes:
        digest = hashlib.sha256(json.dumps([kind, self._identity, list(parameters)]).encode())
        digest.update(np.asarray(sequence, dtype="<i4").tobytes())
        return digest.digest()
