"""Text of data and models as a person may safely see it: what would act on a terminal, or hide, is written out."""

from __future__ import annotations

import re

# Controls (C0, DEL, C1), marks that turn the direction of text, line separators, what has no width, half characters.
UNSEEN = (
    "\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f"
)
_ACTING = re.compile(f"[{UNSEEN}]")
_ACTING_IN_LINES = re.compile(rf"(?![\n\t])[{UNSEEN}]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, *, lines: bool = False) -> str:
    """``text`` on one line, with escapes for what a terminal would obey and what nobody would see; with ``lines``,
    line feeds and tabs stay. Joiners (U+200C, U+200D) stay too: scripts and emoji need them.

    >>> visible("a\\x1b[31m\\nb\\u202e")
    'a\\\\x1b[31m\\\\nb\\\\u202e'
    >>> visible("naïve 日本 👩\\u200d🚀\\n", lines=True) == "naïve 日本 👩\\u200d🚀\\n"
    True
    """
    return (_ACTING_IN_LINES if lines else _ACTING).sub(lambda found: _escape(found[0]), text)


def visible_json(text: str) -> str:
    """JSON that means the same, with its strings' unseen characters as JSON's own escapes.

    >>> visible_json('["\\x9b\\u202e"]')
    '["\\\\u009b\\\\u202e"]'
    """
    return _ACTING_IN_LINES.sub(lambda found: _json_escape(ord(found[0])), text)


def _escape(sign: str) -> str:
    code = ord(sign)
    if sign in _NAMED:
        return _NAMED[sign]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(code: int) -> str:
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
