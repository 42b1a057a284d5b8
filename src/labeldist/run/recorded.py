"""A language model that never repeats a finished call: answers come from the store where it has them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from labeldist.core.errors import ModelError
from labeldist.models.base import Capabilities, LanguageModel, TokenScores
from labeldist.run.store import Call, Store

NOT_FINITE = "try --dtype float32; if that does not help, the weights are broken"


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
        known, missing = self._known(keys)
        if missing:
            made = self._model.next_token_scores([sequences[at] for at in missing], [tokens[at] for at in missing])
            # Kept answers are never asked for again, so one that is no number must not be kept.
            if not (np.isfinite(made.logits).all() and np.isfinite(made.log_total).all()):
                raise ModelError(f"model {self.name!r} gave a score that is no finite number", hint=NOT_FINITE)
            responses = [
                {"logits": logits.tolist(), "log_total": float(total)}
                for logits, total in zip(made.logits, made.log_total, strict=True)
            ]
            self._keep("next_token", keys, sequences, missing, responses, known)
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
        known, missing = self._known(keys)
        if missing:
            texts = self._model.generate(
                [sequences[at] for at in missing], max_new_tokens=max_new_tokens, temperature=temperature, seed=seed
            )
            self._keep("generate", keys, sequences, missing, texts, known)
        return [known[key] for key in keys]

    def _known(self, keys: Sequence[bytes]) -> tuple[dict[bytes, Any], list[int]]:
        """What the store has, and where in ``keys`` each missing one stands first: nothing is asked twice."""
        known = self._store.responses(keys)
        first = {key: at for at, key in reversed(list(enumerate(keys)))}
        missing = sorted(at for key, at in first.items() if key not in known)
        self.made += len(missing)
        self.reused += len(keys) - len(missing)
        return known, missing

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

    def _key(self, kind: str, sequence: Sequence[int], parameters: Sequence[object]) -> bytes:
        digest = hashlib.sha256(json.dumps([kind, self._identity, list(parameters)]).encode())
        digest.update(np.asarray(sequence, dtype="<i4").tobytes())
        return digest.digest()
