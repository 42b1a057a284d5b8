"""Texts of data in figures: no formulas, nothing unseen, nothing longer than there is room for."""

from __future__ import annotations

from functools import lru_cache

from labeldist.core.visible import visible

MOST = 28  # characters
# Tried in this order, where they are installed, for characters that those before lack.
FAMILIES = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "IPAexGothic",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Malgun Gothic",
    "NanumGothic",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Thai",
    "Noto Sans Symbols",
    "Noto Emoji",
)


def shortened(text: str, most: int = MOST) -> str:
    """At most so many characters of ``text``, all of them seen, with an ellipsis for what is left out.

    >>> shortened("a\\x00b"), shortened("entailment", 6)
    ('a\\\\x00b', 'entai…')
    """
    seen = visible(text[: most + 1])  # of a long text no more than can be shown is looked at
    return seen if len(seen) <= most else seen[: most - 1].rstrip() + "…"


def plain(text: str, most: int = MOST) -> str:
    r"""Text in which matplotlib finds no formula, and characters of which it has none as their escapes.

    >>> plain("a $b$")
    'a \\$b\\$'
    """
    return shortened("".join(map(_drawable, text[: most + 1])), most).replace("$", r"\$")


def _drawable(sign: str) -> str:
    """The sign, or its escape where no font that is installed has it: a box would make labels look alike."""
    code = ord(sign)
    if code < 0x20 or code in covered():  # what cannot be seen is written out later
        return sign
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@lru_cache(maxsize=1)
def families() -> tuple[str, ...]:
    """Those of FAMILIES that are installed; matplotlib brings the first one."""
    from matplotlib.font_manager import fontManager

    known = {font.name for font in fontManager.ttflist}
    return tuple(name for name in FAMILIES if name in known)


@lru_cache(maxsize=1)
def covered() -> frozenset[int]:
    """The code points that the fonts of :func:`families` have."""
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.ft2font import FT2Font

    files = [findfont(FontProperties(family=name)) for name in families()]
    return frozenset(code for file in files for code in FT2Font(file).get_charmap())
