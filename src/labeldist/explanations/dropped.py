"""How much of what a model wrote became explanations: a parser that drops most of an answer may have misread it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from labeldist.core.item import Item
from labeldist.explanations.answer.wrappers import turn, without_tags
from labeldist.explanations.parse import parse

MOST = 0.5  # of an answer's letters
_NAMED = 3
# What is no text of the answer: keys of JSON and what a fence is called.
_KEYS = re.compile(r'"[^"\n]{1,40}"\s{0,20}:|```\w{0,20}')


def share_kept(answer_text: str, explanations: Iterable[str]) -> float:
    """The share of an answer's letters that stand in ``explanations``; 1 where it has none.

    Chat templates, tags and keys of JSON are no text of the answer; a reason that is listed twice counts once.

    >>> share_kept("1. Rain.\\n2. Rain.", ["Rain."]), share_kept("* It rains.", ["It rains."])
    (0.5, 1.0)
    """
    written = _letters(_KEYS.sub(" ", without_tags(turn(answer_text)[0])))
    return min(1.0, sum(map(_letters, explanations)) / written) if written else 1.0


def mostly_dropped(item: Item, source: str, profile: str = "clean") -> bool:
    """Whether an answer of ``source`` has more letters that the parser ``profile`` drops than it keeps."""
    texts = (answer.text for answer in item.answers if answer.source == source)
    return any(share_kept(text, parse(text, profile)) < MOST for text in texts)


def dropped_note(ids: Sequence[str], profile: str = "clean") -> list[str]:
    """What to say of the items with such answers: nothing where there are none.

    >>> dropped_note(["7", "8"])[0].partition(":")[0]
    'most of an answer is no explanation to the parser clean for 2 items (7, 8)'
    """
    if not ids:
        return []
    named = ", ".join([*ids[:_NAMED], *(["..."] if len(ids) > _NAMED else [])])
    items = f"{len(ids):,} item{'' if len(ids) == 1 else 's'}"
    return [
        f"most of an answer is no explanation to the parser {profile} for {items} ({named}): "
        "a refusal, repetitions, or a form that it does not know. The answers are kept with the items"
    ]


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))
