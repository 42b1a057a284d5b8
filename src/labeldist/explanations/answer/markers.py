"""What marks a line as one of a list: bullets, numbers of many scripts, ``Reason 1:``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from labeldist.explanations.answer.wording import NOUN, QUALITY


@dataclass(frozen=True, slots=True)
class Marker:
    """The ``end`` of a line's marker, of what ``kinds`` it can be (``i.`` is a letter or a Roman number), its value.

    ``sure``: a marker by itself. Others (``A.``, ``I.``, ``1:``) count only where a second follows the first.
    """

    end: int
    kinds: frozenset[str]
    value: int | None = None
    sure: bool = True


_CJK = "一二三四五六七八九十"
_HANGUL = "가나다라마바사아자차카타파하"
_KOREAN_ORDINALS = ("첫째", "둘째", "셋째", "넷째", "다섯째", "여섯째", "일곱째", "여덟째")
_ENGLISH_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ROMAN = {"i": 1, "v": 5, "x": 10}
_CIRCLED = r"[①-⒛⓵-⓾❶-➓㈠-㈩]"
# Signs that are never a word; then those that need a space; then the dashes, which need a space or a word.
_BULLET = re.compile(
    r"(?:[•‣⁃∙·●○◦▪▫■□◆◇◉▶►▸▹➤➢→⇒※・★☆✓✔✅✦❖☐☑\uf0a7\uf0b7]+\ufe0f?|\\item\b|[*+-](?=\s|$)|[–—―−](?=\s|\w|$))"
    r"\s*(?:\[[ xX]?\](?=\s))?\s*"
)
# Any other picture: one that begins two lines is a bullet, a different one at each line is part of what it says.
_PICTURE = re.compile(r"([\u2600-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff])\ufe0f?\s+(?=\S)")
_TIGHT_DASH = re.compile(r"-(?=[^\W\d_])")
_NUMBER = re.compile(
    r"[(（\[【〔](\d{1,3})[)）\]】〕][.:：、]?"
    r"|#?(\d{1,3})(?:\.?[ºª][.):]?(?=\s)|[.．][)）]?(?=\s|$|[^a-z\d\s.,])|[、）：\]]|\)(?=\D|$))"
    r"|#(\d{1,3}):?(?=\s)"
    r"|(\d{1,3})$"
    r"|([0-9])\ufe0f?\u20e3[.:]?"
    r"|(?:[Nn][or]\.|№) ?(\d{1,3})[.:)](?=\s)"
)
_LOOSE_NUMBER = re.compile(r"(\d{1,3})(?::(?=\s)|\s[-–—]\s(?=\D))")
_SIGN = re.compile(rf"({_CIRCLED})[.、:：]?")
_CJK_NUMBER = re.compile(rf"[(（]?([{_CJK}]{{1,3}})(?:[、．：]|[.:](?=\s)|[)）][、.：:]?)")
_ORDINAL = re.compile(
    rf"第([{_CJK}\d]{{1,3}})[点點条條项項个個]?(?:{NOUN})?に?(?:是)?[、，,：:]|({'|'.join(_KOREAN_ORDINALS)})[,，.:：]"
)
_HANGUL_LETTER = re.compile(rf"([{_HANGUL}])[.)](?=\s)")
_LETTER = re.compile(r"\(([a-zA-Z]{1,5})\)|([a-zA-Z]{1,5})[.)](?=\s)")
_ROMAN_SIGN = re.compile(r"([Ⅰ-Ⅻⅰ-ⅻ])[.、:：)]?")
_LABEL = re.compile(
    rf"(?:{QUALITY} )?{NOUN} ?(?:(?:#|№|no\.?|n[º°o]\.?|nr\.?) ?)?"
    rf"(?:(\d{{1,3}}|[{_CJK}]{{1,3}}|{_CIRCLED}|[IVX]{{1,4}}\b|[A-H]\b|(?:{'|'.join(_ENGLISH_NUMBERS)})\b)"
    r"(?: ?[:：.．)）、]| [-–—](?= )|$)| ?[:：](?=\s*\S))",
    re.IGNORECASE,
)


def marker(line: str) -> Marker | None:
    """The marker that the stripped ``line`` begins with; a bullet with a number, or a marker with a label, is one.

    >>> marker("1. Rain.").end, marker("• 2) Rain.").end, marker("3.5 million")
    (3, 5, None)
    """
    first = _one(line)
    if first is None:
        return None
    rest = line[first.end :]
    second = _label(rest) if "bullet" not in first.kinds else _label(rest) or _ordered(rest)
    if second is None or not second.sure or second.end >= len(rest):
        return first
    return Marker(first.end + second.end, first.kinds, first.value or second.value, first.sure)


def doubtful(markers: Sequence[Marker | None]) -> frozenset[str]:
    """The kinds of which a marker that is not sure counts for nothing here: no second one follows the first."""
    seen: dict[str, list[int]] = {}
    for found in markers:
        if found is not None and not found.sure:
            for kind in found.kinds:
                seen.setdefault(kind, []).append(found.value or 0)
    return frozenset(
        kind
        for kind, values in seen.items()
        if not (len(values) > 1 if kind.startswith("bullet") else {1, 2} <= {*values})
    )


def _one(line: str) -> Marker | None:
    head = line[:60]
    if found := _BULLET.match(line):
        return _spaced(line, found.end(), {"bullet"})
    if found := _PICTURE.match(head):
        return _spaced(line, found.end(), {f"bullet {found.group(1)}"}, sure=False)
    if _TIGHT_DASH.match(head):
        return Marker(1, frozenset({"bullet"}), sure=False)
    return _label(line) or _ordered(line)


def _label(line: str) -> Marker | None:
    found = _LABEL.match(line[:60])
    if found is None:
        return None
    return _spaced(line, found.end(), {"label"}, _value_of(found.group(1)) if found.group(1) else None)


def _ordered(line: str) -> Marker | None:
    head = line[:60]
    if found := _NUMBER.match(head):
        if found.group(4) and len(line) > len(found.group(4)):
            return None
        return _spaced(line, found.end(), {"number"}, int(next(filter(None, found.groups()))))
    if found := _SIGN.match(head):
        return _spaced(line, found.end(), {"sign"}, _value_of(found.group(1)))
    if found := _CJK_NUMBER.match(head):
        return _spaced(line, found.end(), {"cjk"}, _value_of(found.group(1)))
    if found := _ORDINAL.match(head):
        word = found.group(1) or found.group(2)
        return _spaced(line, found.end(), {"ordinal"}, _value_of(word))
    if found := _ROMAN_SIGN.match(head):
        return _spaced(line, found.end(), {"roman"}, int(unicodedata.numeric(found.group(1))))
    if found := _LOOSE_NUMBER.match(head):
        return _spaced(line, found.end(), {"number"}, int(found.group(1)), sure=False)
    if found := _HANGUL_LETTER.match(head):
        return _spaced(line, found.end(), {"hangul"}, _HANGUL.index(found.group(1)) + 1, sure=False)
    if found := _LETTER.match(head):
        return _letters(line, found.end(), found.group(1) or found.group(2))
    return None


def _letters(line: str, end: int, letters: str) -> Marker | None:
    low = letters.lower()
    case = "upper" if letters.isupper() else "lower"
    kinds = {f"{case} roman"} if {*low} <= {*_ROMAN} else set()
    if len(low) == 1:
        kinds.add(f"{case} letter")
    if not kinds:
        return None
    value = _roman(low) if f"{case} roman" in kinds and (len(low) > 1 or low == "i") else ord(low) - ord("a") + 1
    return _spaced(line, end, kinds, value, sure=False)


def _spaced(line: str, end: int, kinds: set[str], value: int | None = None, *, sure: bool = True) -> Marker:
    return Marker(len(line) - len(line[end:].lstrip()), frozenset(kinds), value, sure)


def _value_of(word: str) -> int | None:
    if word.isdigit() and word.isdecimal():
        return int(word)
    if word.lower() in _ENGLISH_NUMBERS:
        return _ENGLISH_NUMBERS.index(word.lower()) + 1
    if word in _KOREAN_ORDINALS:
        return _KOREAN_ORDINALS.index(word) + 1
    if {*word} <= {*_CJK}:
        tens, _, ones = word.rpartition("十")
        value = (_CJK.find(tens) + 1 if tens else 1) * 10 if "十" in word else 0
        return value + (_CJK.index(ones) + 1 if len(ones) == 1 else 0)
    if {*word.lower()} <= {*_ROMAN}:
        return _roman(word.lower())
    return int(unicodedata.numeric(word, 0)) or None if len(word) == 1 else None


def _roman(word: str) -> int:
    values = [_ROMAN[letter] for letter in word]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))
