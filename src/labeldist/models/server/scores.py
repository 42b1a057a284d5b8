"""What an answer says of the options: exactly, as far as the likeliest tokens go, or by many drawn answers."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeGuard

from labeldist.core.errors import ModelError, shown
from labeldist.models.answers import begin_alike
from labeldist.models.base import AnswerScores
from labeldist.models.server.failures import MalformedError
from labeldist.models.server.listing import SUM_TOLERANCE, Listed, log_sum
from labeldist.models.server.reply import THOUGHT_FIELDS
from labeldist.models.server.token_bytes import Token

# Probabilities up to this that may be one option's or another's widen what is known of it, and no more.
NEGLIGIBLE = 0.01
# What is left of a probability of 1 is no more than rounding below this.
SMALLEST = 1e-6
CHARACTERS_PER_TOKEN = 4
# No server means a count beyond this; the sums of such counts still fit a database.
MOST_TOKENS = 2**40
Answers = tuple[tuple[str, ...], ...]
Unsure = tuple[Token, float]


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens that a request took, as the server counts; ``estimated``: it does not, so they go by the length."""

    prompt_tokens: int
    new_tokens: int
    estimated: bool = False
    cached_tokens: int | None = None

    @staticmethod
    def of(answer: Any, prompt: str) -> Usage:
        """What ``answer`` says; where it says nothing, four characters make a token, of ``prompt`` and of each choice.

        >>> Usage.of({"choices": [{"text": "It rains."}]}, "Why is it wet?")
        Usage(prompt_tokens=4, new_tokens=3, estimated=True, cached_tokens=None)
        """
        usage = answer.get("usage") if isinstance(answer, dict) else None
        told = usage if isinstance(usage, dict) else {}
        before, new = told.get("prompt_tokens"), told.get("completion_tokens")
        details = told.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, dict) else None
        return Usage(
            before if _count(before) else _estimated(prompt),
            new if _count(new) else _answered(answer),
            estimated=not (_count(before) and _count(new)),
            cached_tokens=cached if _count(cached) else None,
        )


def exact(found: Listed, tokens: Sequence[Sequence[int]], usage: Usage) -> AnswerScores:
    """Scores from the log-probabilities of all ``tokens`` that begin each option, named ``token_id:N``.

    Raises :class:`MalformedError` where one is missing.

    >>> shares = {5: 0.5, 6: 0.25, 7: 0.125}
    >>> found = Listed({Token(b"token_id:%d" % token): math.log(share) for token, share in shares.items()})
    >>> scores = exact(found, [[5], [6, 7]], Usage(9, 1))
    >>> [round(math.exp(logit), 3) for logit in scores.logits]
    [0.5, 0.375]
    """
    known = {token.data: value for token, value in found.tokens.items()}
    try:
        values = [[known[b"token_id:%d" % token] for token in option] for option in tokens]
    except KeyError as error:
        raise MalformedError(f"no log-probability of {error.args[0].decode()}") from None
    return AnswerScores(
        tuple(log_sum(option) for option in values),
        tuple(max(option) for option in values),
        0.0,
        usage.prompt_tokens,
        usage.new_tokens,
    )


def top(found: Listed, answers: Answers, usage: Usage, name: str = "server") -> AnswerScores:
    """Scores as far as the listed tokens go, and the most that each option could have.

    A spelling's token is the longest listed one with which it begins, unless another option begins with that too. Of
    what is not listed, a spelling may have one token more: at most as likely as the least likely listed one, and all
    together at most what is left. To the most that an option could have also counts whatever may belong to it and to
    others: tokens that begin several options (white space, say), and parts of a character that nobody can name.

    An option without a token of its own, or with less than may be its own of the latter two kinds (white space aside),
    is *unlisted*: the most that it could have, white space aside, stands for its score. Where that is more than a
    hundredth, no number is honest: :class:`UnavailableError` names the options that begin alike, as a local model does,
    and :class:`ModelError` tells of characters in parts.

    >>> found = Listed({Token(b"A"): math.log(0.6), Token(b" A"): math.log(0.1), Token(b"x"): math.log(0.2)},
    ...     least=math.log(0.1))
    >>> scores = top(found, (("A", " A"), ("B", " B")), Usage(9, 1))
    >>> [round(math.exp(logit), 3) for logit in scores.logits], scores.unlisted
    ([0.7, 0.1], 1)
    >>> [round(math.exp(logit), 3) for logit in scores.most]
    [0.8, 0.1]
    """
    left = max(1.0 - math.fsum(math.exp(value) for value in found.tokens.values()), SMALLEST)
    one_more = left if found.least is None else min(_positive(math.exp(found.least)), left)
    spellings = [tuple(dict.fromkeys(text.encode() for text in option if text)) for option in answers]
    tokens = _Tokens.of(found, spellings)
    options = [
        tokens.known_of(at, option, more=min(len(option) * one_more, left)) for at, option in enumerate(spellings)
    ]
    for at, known in enumerate(options):
        if known.begun_alike > max(known.total, known.more, NEGLIGIBLE):
            raise begin_alike(name, answers, at, tokens.rival(at))
        if known.in_parts > max(known.total, known.more, NEGLIGIBLE):
            raise ModelError(
                f"{name} lists a token with a probability of {known.in_parts:.2g} that is part of a character, without "
                f"its bytes: it may begin {shown(answers[at][0])}",
                hint="use --answers letters, --answers verbalised or --scores sampled",
            )
    return AnswerScores(
        tuple(math.log(_positive(known.score)) for known in options),
        tuple(math.log(_positive(max(known.own, default=one_more))) for known in options),
        0.0,
        usage.prompt_tokens,
        usage.new_tokens,
        unlisted=sum(known.unlisted for known in options),
        most=tuple(math.log(_positive(known.most)) for known in options),
    )


def _positive(share: float) -> float:
    """Some servers list tokens that cannot come, with log-probabilities such as -1000, whose exponential is 0."""
    return max(share, sys.float_info.min)


class _Known(NamedTuple):
    """Probabilities of one option: of its own listed tokens, and of what else may be its own."""

    own: tuple[float, ...]
    more: float
    begun_alike: float
    blank: float
    in_parts: float

    @property
    def total(self) -> float:
        return math.fsum(self.own)

    @property
    def unlisted(self) -> bool:
        return self.total == 0 or self.begun_alike + self.in_parts > self.total

    @property
    def score(self) -> float:
        return self.most - self.blank if self.unlisted else self.total

    @property
    def most(self) -> float:
        return min(1.0 + SUM_TOLERANCE, math.fsum((self.total, self.more, self.begun_alike, self.blank, self.in_parts)))


class _Tokens(NamedTuple):
    """The listed tokens: ``sure`` by their bytes, each with the options that it begins in ``begun``, and ``unsure``."""

    sure: dict[bytes, float]
    unsure: list[Unsure]
    begun: dict[bytes, list[int]]

    @classmethod
    def of(cls, found: Listed, spellings: Sequence[Sequence[bytes]]) -> _Tokens:
        sure, unsure = _sorted_out(found, spellings)
        begun = {token: [at for at, option in enumerate(spellings) if _begins(token, option)] for token in sure}
        return cls(sure, unsure, begun)

    def known_of(self, at: int, option: Sequence[bytes], *, more: float) -> _Known:
        """What they say of the option at that place."""
        own = {
            max(fits, key=len)
            for text in option
            if (fits := [t for t in self.begun if text.startswith(t) and self.begun[t] == [at]])
        }
        shared = self._shared(at)
        return _Known(
            own=tuple(self.sure[token] for token in own),
            more=more,
            begun_alike=math.fsum(self.sure[token] for token in shared if token.strip()),
            blank=math.fsum(self.sure[token] for token in shared if not token.strip()),
            in_parts=math.fsum(value for token, value in self.unsure if any(map(token.may_begin, option))),
        )

    def rival(self, at: int) -> int:
        """Another option that begins with the likeliest token with which this one begins, white space aside."""
        likeliest = max((token for token in self._shared(at) if token.strip()), key=self.sure.__getitem__)
        return next(other for other in self.begun[likeliest] if other != at)

    def _shared(self, at: int) -> list[bytes]:
        return [token for token, others in self.begun.items() if at in others and len(others) > 1]


def sampled(drawn: Sequence[str], answers: Answers, prompt_tokens: int, new_tokens: int) -> AnswerScores:
    """Scores from drawn answers: log of (answers that name the option + 1/2) / (answers + K/2).

    Half an answer more for each option keeps one that was never drawn possible. Answers that name no option lower the
    answer mass.

    >>> scores = sampled(["A", "A.", "B", "Well"], (("A", " A"), ("B", " B")), 9, 4)
    >>> [round(math.exp(logit), 3) for logit in scores.logits]
    [0.5, 0.3]
    """
    counts = [0] * len(answers)
    for text in drawn:
        option = named(text, answers)
        if option is not None:
            counts[option] += 1
    total = len(drawn) + len(answers) / 2
    logits = tuple(math.log((count + 0.5) / total) for count in counts)
    return AnswerScores(logits, logits, 0.0, prompt_tokens, new_tokens)


def named(text: str, answers: Answers) -> int | None:
    """The option that an answer names: it begins with a spelling, and ends there or goes on with punctuation.

    >>> named("B. It rains", (("A",), ("B",))), named("A cat", (("A",), ("B",)))
    (1, None)
    """
    begun = text.strip()
    for option, spellings in enumerate(answers):
        for spelling in spellings:
            rest = begun.removeprefix(spelling.strip())
            if rest != begun and re.match(r"$|[.,:;)\n]", rest):
                return option
    return None


def _sorted_out(found: Listed, spellings: Sequence[Sequence[bytes]]) -> tuple[dict[bytes, float], list[Unsure]]:
    """Probabilities by the bytes of tokens of which these are sure, and the tokens of which they are not."""
    sure: dict[bytes, float] = {}
    unsure: list[Unsure] = []
    for token, value in found.tokens.items():
        also = token.also is not None and any(_begins(token.also, option) for option in spellings)
        if not token.named or also:
            unsure.append((token, math.exp(value)))
        elif token.data:
            sure[token.data] = sure.get(token.data, 0.0) + math.exp(value)
    return sure, unsure


def _begins(token: bytes, spellings: Sequence[bytes]) -> bool:
    return any(text.startswith(token) for text in spellings)


def _count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS


def _estimated(text: str) -> int:
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def _answered(answer: Any) -> int:
    """The new tokens of an answer that does not count them, by the length of its texts, thoughts included."""
    choices = answer.get("choices") if isinstance(answer, dict) else None
    new = 0
    for choice in choices if isinstance(choices, list) else []:
        message = choice.get("message", choice) if isinstance(choice, dict) else None
        if isinstance(message, dict):
            new += sum(_estimated(_all_text(message.get(name))) for name in ("content", "text", *THOUGHT_FIELDS))
    return max(new, 1)


def _all_text(told: Any) -> str:
    """Every text in a field, thoughts included, however it is parted."""
    if isinstance(told, str):
        return told
    parts = told if isinstance(told, list) else list(told.values()) if isinstance(told, dict) else []
    return "".join(map(_all_text, parts))
