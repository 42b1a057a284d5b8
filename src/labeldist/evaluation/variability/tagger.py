"""Part-of-speech taggers, by name: what a word is in its sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from labeldist.core.registry import Registry

# The tokens of one text in, one tag each out.
Tagger = Callable[[Sequence[str]], Sequence[str]]
# Loads a tagger; raises MissingExtraError where its library is not installed.
TAGGERS: Registry[Callable[[], Tagger]] = Registry(
    "part-of-speech tagger", "labeldist.evaluation.variability.taggers", group="labeldist.taggers"
)
DEFAULT_TAGGER = "hanta"


@cache
def load_tagger(name: str = DEFAULT_TAGGER) -> Tagger:
    """The tagger of that name, loaded once.

    Raises :class:`~labeldist.core.errors.UsageError` for an unknown name and
    :class:`~labeldist.core.errors.MissingExtraError` where its library is not installed.
    """
    return TAGGERS.get(name)()
