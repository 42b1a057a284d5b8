"""Which token means which answer, derived from the rendered prompt and never from the letter alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from labeldist.core.errors import UnavailableError, shown
from labeldist.core.task import LETTERS

# Tokenizers merge text only near the joint of prompt and answer, so prompts that end alike share their answers.
JOINT = 32


class Encoder(Protocol):
    """What renders and tokenizes."""

    name: str

    def encode(self, prompt: str, reply: str = "") -> list[int]:
        """Token ids of the prompt and of the beginning of the reply."""


class AnswerTokens:
    """Answer tokens of one model, remembered for prompts that end alike."""

    def __init__(self, model: Encoder) -> None:
        self._model = model
        self._known: dict[tuple[str, tuple[tuple[str, ...], ...]], tuple[tuple[int, ...], ...]] = {}

    def of(self, prompt: str, answers: tuple[tuple[str, ...], ...]) -> tuple[tuple[int, ...], ...]:
        """For each option the tokens that begin one of its spellings, in the context of ``prompt``."""
        key = (prompt[-JOINT:], answers)
        if key not in self._known:
            self._known[key] = answer_tokens(self._model, prompt, answers)
        return self._known[key]


def answer_tokens(model: Encoder, prompt: str, answers: Sequence[Sequence[str]]) -> tuple[tuple[int, ...], ...]:
    """The tokens that begin each option's spellings: encode prompt + spelling, take what differs from the prompt.

    A token that could begin two options means neither (a lone space, say) and is left out. Raises
    :class:`UnavailableError` for an option that no token of its own is left for.
    """
    stem = model.encode(prompt)
    found = [_distinct(_first_token(model, prompt, stem, spelling) for spelling in spellings) for spellings in answers]
    own = [
        tuple(token for token in tokens if all(token not in other for other in found if other is not tokens))
        for tokens in found
    ]
    for at, tokens in enumerate(own):
        if not tokens:
            also = next((i for i, other in enumerate(found) if i != at and {*other} & {*found[at]}), None)
            raise begin_alike(model.name, answers, at, also)
    return tuple(own)


def begin_alike(name: str, answers: Sequence[Sequence[str]], at: int, also: int | None) -> UnavailableError:
    """The error for the option ``at``, of which model ``name`` has no first token of its own: ``also`` begins so too.

    >>> print(begin_alike("m", [["unlikely"], ["unsure"]], 0, 1).message)
    model 'm' has no first token that means only 'unlikely' and not 'unsure'
    """
    and_what = "" if also is None else f" and not {shown(answers[also][0])}"
    letters = "--answers letters, " if len(answers) <= len(LETTERS) else ""
    return UnavailableError(
        f"model {name!r} has no first token that means only {shown(answers[at][0])}{and_what}",
        hint=f"options must differ in their first token: use other words, {letters}or --answers verbalised",
    )


def _first_token(model: Encoder, prompt: str, stem: list[int], spelling: str) -> int | None:
    """The token after ``stem`` when the model's turn begins with ``spelling``; None where it merges into the stem."""
    ids = model.encode(prompt, spelling)
    return ids[len(stem)] if len(ids) > len(stem) and ids[: len(stem)] == stem else None


def _distinct(tokens: object) -> list[int]:
    return list(dict.fromkeys(token for token in tokens if token is not None))  # type: ignore[attr-defined]
