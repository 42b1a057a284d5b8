"""``scripted``: a mock that answers from a script, for tests and documentation; no weights, no waiting.

Its tokens are the bytes of the text. Without a script its answers are made up from a hash of what it is asked:
always the same, never meaningful. A script is a JSON list of rules, tried in order:

    [{"contains": "It rains.", "text": "* Rain is wet.", "answers": {"A": 3.0, "B": 1.0}}]

``text`` is what it generates for a prompt that contains the given text, ``answers`` the logits of the letters or
words with which its turn may begin (by first byte; every other byte has the logit 0).
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeldist.core.errors import InputError, Place, UsageError, shown
from labeldist.models.base import Capabilities
from labeldist.models.open import Backend, ModelOptions
from labeldist.models.tokens import TokenModel, TokenScores

BEGIN = 256
VOCABULARY = 257
LARGEST_LOGIT = 1e30  # well within what float32 holds


@dataclass(frozen=True, slots=True)
class Rule:
    """What to answer to a prompt that contains ``contains``."""

    contains: str
    text: str | None = None
    answers: tuple[tuple[str, float], ...] | None = None


class Scripted(TokenModel):
    """A :class:`~labeldist.models.base.LanguageModel` without a model.

    >>> Scripted([Rule("rain", text="* It is wet.")]).generate([list(b"it rains: rain")], max_new_tokens=99)
    ['* It is wet.']
    """

    capabilities = Capabilities()
    transform = "softmax:1"
    max_new_tokens = 256

    def __init__(self, rules: Sequence[Rule] = (), *, name: str = "scripted", answer_style: str = "letters") -> None:
        self.name = name
        self.answer_style = answer_style
        self.revision = hashlib.sha256(repr(list(rules)).encode()).hexdigest()[:16]
        self._rules = tuple(rules)

    def encode(self, prompt: str, reply: str = "") -> list[int]:
        """A begin token, then the bytes of the prompt and of the reply."""
        return [BEGIN, *prompt.encode(), *reply.encode()]

    def next_token_scores(self, sequences: Sequence[Sequence[int]], tokens: Sequence[Sequence[int]]) -> TokenScores:
        """Logits from the script, or from a hash of the sequence."""
        logits = self._scripted(sequences) if self._rules else _made_up(sequences)
        totals = np.logaddexp.reduce(logits, axis=1)
        asked = np.take_along_axis(
            logits, np.array(tokens, dtype=np.intp).reshape(len(sequences), -1 if sequences else 0), axis=1
        )
        return TokenScores(asked.astype(np.float32), totals.astype(np.float32))

    def generate(
        self, sequences: Sequence[Sequence[int]], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> list[str]:
        """Text from the script, or two made-up list items; at most ``max_new_tokens`` bytes of it."""
        texts = [self._text(sequence, temperature, seed) for sequence in sequences]
        return [text.encode()[:max_new_tokens].decode(errors="ignore") for text in texts]

    def _scripted(self, sequences: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """The logits after each sequence, made up where no rule is for it."""
        logits = _made_up(sequences)
        for row, sequence in zip(logits, sequences, strict=True):
            rule = self._rule(sequence, "answers")
            if rule is not None and rule.answers is not None:
                row[:] = 0
                for answer, logit in rule.answers:
                    row[answer.encode()[0]] = logit
        return logits

    def _text(self, sequence: Sequence[int], temperature: float, seed: int) -> str:
        rule = self._rule(sequence, "text")
        if rule is not None and rule.text is not None:
            return rule.text
        digest = _digest(sequence, f"text {seed if temperature else 0}").hex()
        return f"* Made-up reason {digest[:6]}.\n* Another made-up reason, {digest[6:12]}."

    def _rule(self, sequence: Sequence[int], part: str) -> Rule | None:
        if not self._rules:
            return None
        text = bytes(token for token in sequence if token < BEGIN).decode(errors="replace")
        return next((r for r in self._rules if r.contains in text and getattr(r, part) is not None), None)


def read_script(file: Path) -> list[Rule]:
    """The rules of a script; :class:`InputError` names the rule that cannot be used."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the script {file}: {error.strerror}", hint="use scripted:FILE.json") from error
    except (ValueError, RecursionError) as error:
        raise InputError(str(error), expected="a JSON list of rules in UTF-8", place=Place(file)) from error
    if not isinstance(rows, list):
        raise InputError(shown(rows), expected="a JSON list of rules", place=Place(file))
    return [_rule(row, Place(file, field=f"rule {number}")) for number, row in enumerate(rows, 1)]


def _rule(row: Any, place: Place) -> Rule:
    expected = "{contains, text and/or answers: {answer: logit}}, every logit a finite number"
    if not isinstance(row, dict):
        raise InputError(shown(row), expected=expected, place=place)
    answers = row.get("answers", {})
    if (
        not _is_text(row.get("contains"))
        or not _is_text(row.get("text", ""))
        or not isinstance(answers, dict)
        or not all(key and _is_text(key) and _is_logit(logit) for key, logit in answers.items())
    ):
        raise InputError(shown(row), expected=expected, place=place)
    return Rule(row["contains"], row.get("text"), tuple(answers.items()) if "answers" in row else None)


def _is_text(found: Any) -> bool:
    """Whether ``found`` is a text without half surrogate pairs, which have no bytes."""
    return isinstance(found, str) and found.encode(errors="replace").decode() == found


def _is_logit(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and abs(found) <= LARGEST_LOGIT


def _made_up(sequences: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Logits after each sequence, (n, VOCABULARY), that a hash of it gives."""
    digests = b"".join([_digest(sequence, "logits") for sequence in sequences])
    logits = np.zeros((len(sequences), VOCABULARY))
    hashed = np.frombuffer(digests, dtype=np.uint8).reshape(len(sequences), hashlib.sha256().digest_size)
    logits[:, :BEGIN] = np.tile(hashed / 32, 8)
    return logits


def _digest(sequence: Sequence[int], purpose: str) -> bytes:
    return hashlib.sha256(purpose.encode() + struct.pack(f"={len(sequence)}i", *sequence)).digest()


def _open(argument: str, options: ModelOptions) -> Scripted:
    rules = read_script(Path(argument)) if argument else []
    name = f"scripted:{argument}" if argument else "scripted"
    return Scripted(rules, name=name, answer_style="letters" if options.style == "auto" else options.style)


BACKEND = Backend("scripted[:SCRIPT.json]", "a mock that answers from a script, for tests and documentation", _open)
