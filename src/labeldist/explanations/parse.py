"""From the raw answer of a model to the explanations in it, by a named profile (one file each in ``parsers``)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from labeldist.core.registry import Registry

Parser = Callable[[str], list[str]]

PARSERS: Registry[Parser] = Registry("parser profile", "labeldist.explanations.parsers", group="labeldist.parsers")


def parse(answer_text: str, profile: str = "clean") -> list[str]:
    """The explanations that ``answer_text`` lists, in its order; an unknown profile raises ``UsageError``.

    >>> parse("Here are the reasons:\\n\\n* It rains.\\n* The street is wet.\\n\\nNote: both are guesses.")
    ['It rains.', 'The street is wet.']
    """
    return [*_parsed(answer_text, profile)]


@lru_cache(maxsize=64)
def _parsed(answer_text: str, profile: str) -> tuple[str, ...]:
    """An answer is read for its explanations, and again for how much of it they are."""
    return tuple(PARSERS.get(profile)(answer_text))
