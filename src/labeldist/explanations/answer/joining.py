"""How the parts of one explanation become one line of text."""

from __future__ import annotations

import unicodedata

from labeldist.explanations.answer.wording import is_closed

_STOPS = frozenset(".!?…。！？:：;；,，、")


def wrapped(text: str, more: str) -> str:
    """A line and the one that continues it; Chinese and Japanese have no space between them.

    >>> wrapped("Rain makes", "streets wet."), wrapped("下雨会把", "街道淋湿。")
    ('Rain makes streets wet.', '下雨会把街道淋湿。')
    """
    return _beside(text, more, "" if _is_wide(text[-1:]) and _is_wide(more[:1]) else " ")


def titled(title: str, text: str) -> str:
    """A title, or what has details, and its text.

    >>> titled("Weather", "Rain makes streets wet."), titled("It rains.", "Streets are wet.")
    ('Weather: Rain makes streets wet.', 'It rains. Streets are wet.')
    """
    return _joined(title, text, ":")


def listed(text: str, detail: str) -> str:
    """A text that ends with a detail, and the next one.

    >>> listed("Weather: rain", "snow")
    'Weather: rain; snow'
    """
    return _joined(text, detail, ";")


def one_line(text: str) -> str:
    """The text with single spaces, wherever there was white space.

    >>> one_line("Rain makes\\n  streets wet. ")
    'Rain makes streets wet.'
    """
    return " ".join(text.split())


def _joined(text: str, more: str, sign: str) -> str:
    if is_closed(text) or text[-1:] in _STOPS:
        return wrapped(text, more)
    if _is_wide(text[-1:]):
        return _beside(text, more, "：" if sign == ":" else "；")
    return _beside(text, more, f"{sign} ")


def _beside(text: str, more: str, between: str) -> str:
    return f"{text}{between}{more}" if text and more else text or more


def _is_wide(character: str) -> bool:
    """Whether it is of a script, or a sign, that takes no spaces: Korean does take them."""
    return (
        character != ""
        and unicodedata.east_asian_width(character) in "WF"
        and not unicodedata.name(character, "").startswith("HANGUL")
    )
