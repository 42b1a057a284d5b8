"""JSONL: lines of a file as bytes, a few at a time, and one line as a JSON object, strictly."""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase, TextIOWrapper
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from labeldist.core.errors import InputError, Place, shown
from labeldist.datasets.limits import EXPANDED_FREELY, LONGEST_LINE, MOST_BLANK_LINES, MOST_EXPANSION

ANY_DIGIT = bytes(ord("0") if chr(byte).isdecimal() else byte for byte in range(128)) + bytes(range(128, 256))
LONG_NUMBER = b"0" * 19
BLOCK = 1 << 14  # bytes of lines that are looked through together: more rows at a time wake the garbage collector

# A row and where it stands, or the error that says why it is none; reading goes on after such an error.
Rows = Iterator[tuple[Place, dict[str, Any] | InputError]]


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, unzipped where it is gzip, whatever its name, and UTF-16 as UTF-8.

    What goes wrong becomes :class:`InputError`.
    """
    place = Place(path)
    try:
        with cast(IO[bytes], gzip.open(path)) if is_gzip(path) else path.open("rb") as file:
            if path.is_file() and file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                file.seek(0)
                yield cast(IO[bytes], BufferedReader(_Utf16(file)))
            else:
                if path.is_file():
                    file.seek(0)
                yield file
    except UnicodeDecodeError as error:
        raise InputError(f"broken UTF-16 ({error.reason})", expected="text in UTF-8 or UTF-16", place=place) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"broken gzip ({error})", expected="a whole gzip file", place=place) from error
    except OSError as error:
        raise InputError(f"{error.strerror or error}", expected="a file that can be read", place=place) from error


def is_gzip(path: Path) -> bool:
    """Whether a file is gzip, by its first bytes; of what can be read only once, by its name."""
    if not path.is_file():
        return path.name.lower().endswith(".gz")
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b" or path.name.lower().endswith(".gz")


class _Utf16(RawIOBase):
    """The bytes of a text in UTF-16, after its mark, as UTF-8."""

    def __init__(self, file: IO[bytes]) -> None:
        self._text = TextIOWrapper(file, encoding="utf-16", newline="")
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = self._text.read(1 << 14).encode("utf-8", "surrogatepass")
        part, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def byte_lines(file: IO[bytes], path: Path, *, ends: bool = False) -> Iterator[tuple[int, bytes | InputError]]:
    """(line number from 1, the line, without its end unless ``ends``), or the error of a line that is too long.

    A file that grows beyond all measure when it is unzipped raises :class:`InputError`, as do blank lines without end.
    """
    number = blank = read = 0
    most = max(EXPANDED_FREELY, MOST_EXPANSION * _size(path))
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        read += len(line)
        blank = blank + 1 if line.isspace() else 0
        if blank > MOST_BLANK_LINES:
            found = f"more than {MOST_BLANK_LINES:,} blank lines in a row"
            raise InputError(found, expected="a row per line", place=Place(path, number))
        if read > most and is_gzip(path):
            found = f"a gzip file that unzips to more than {most:,} bytes"
            expected = f"at most {EXPANDED_FREELY:,}, or {MOST_EXPANSION} times its size"
            raise InputError(found, expected=expected, place=Place(path, number), hint="unzip it first")
        if number == 1:
            line = _without_mark(line)
        if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = file.readline(LONGEST_LINE)
                read += len(line)
            found = f"a line longer than {LONGEST_LINE:,} bytes"
            yield number, InputError(found, expected="one row per line, shorter than that", place=Place(path, number))
            continue
        yield number, line if ends else line.rstrip(b"\r\n")


def decoded(line: bytes, place: Place) -> str:
    """The line as text; anything but UTF-8 without NUL bytes raises :class:`InputError`."""
    if b"\0" in line:
        raise InputError(f"a NUL byte at column {line.index(0) + 1}", expected="text in UTF-8", place=place)
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"byte 0x{line[error.start]:02x} at column {error.start + 1}, which is not UTF-8"
        hint = "save the file as UTF-8, for instance: iconv -f latin1 -t utf-8"
        raise InputError(found, expected="text in UTF-8", place=place, hint=hint) from error


def json_rows(path: Path) -> Rows:
    """The rows of a JSONL file; blank lines are no rows. A file without any row raises :class:`InputError`."""
    rows = 0
    with opened(path) as file:
        for block in _blocks(byte_lines(file, path)):
            rows += len(block)
            quick = quick_rows([line for _, line in block if isinstance(line, bytes)])
            if quick is not None and len(quick) == len(block):
                for (number, _), row in zip(block, quick, strict=True):
                    yield Place(path, number), row
                continue
            for number, line in block:
                place = Place(path, number)
                yield place, line if isinstance(line, InputError) else _caught(line, place)
    if not rows:
        raise InputError("an empty file", expected="at least one row", place=Place(path))


def _blocks(lines: Iterator[tuple[int, bytes | InputError]]) -> Iterator[list[tuple[int, bytes | InputError]]]:
    """The lines that are not blank, a few at a time; where reading ends with an error, first those before it."""
    block: list[tuple[int, bytes | InputError]] = []
    size = 0
    try:
        for number, line in lines:
            if isinstance(line, bytes):
                if not line.strip():
                    continue
                size += len(line)
            block.append((number, line))
            if size >= BLOCK:
                yield block
                block, size = [], 0
    except Exception:
        if block:
            yield block
        raise
    if block:
        yield block


class _RefusedError(Exception):
    """What JSON may not hold here, without the place, which the decoder does not know."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found)
        self.found, self.expected = found, expected


def _pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(found)
    if len(value) < len(found):
        twice = Counter(key for key, _ in found).most_common(1)[0][0]
        raise _RefusedError(f"key {shown(twice)} twice in an object", "each key once")
    return value


def _constant(name: str) -> NoReturn:
    raise _RefusedError(f"the number {name}", "JSON, whose numbers are finite")


# One for all lines: to make a decoder takes as long as to read a short line with it.
STRICT = json.JSONDecoder(
    object_pairs_hook=cast(Callable[[list[tuple[str, Any]]], Any], _pairs), parse_constant=_constant
)


def parse_json(text: str, place: Place) -> Any:
    """The value of ``text``, as the standard has it: no NaN or Infinity, no key twice in an object."""
    try:
        return STRICT.decode(text)
    except _RefusedError as error:
        raise InputError(error.found, expected=error.expected, place=place) from None
    except json.JSONDecodeError as error:
        found = f"{shown(text, 60)} ({error.msg.removesuffix(' at')} at column {error.colno})"
        raise InputError(found, expected="one JSON object on the line", place=place) from error
    except RecursionError as error:
        raise InputError("JSON nested too deeply", expected="a flat JSON object", place=place) from error
    except ValueError as error:  # a whole number of thousands of digits
        raise InputError(f"{shown(text, 60)} ({error})", expected="JSON with ordinary numbers", place=place) from error


def quick_json(line: bytes) -> dict[str, Any] | None:
    """The object on a line, as of :func:`quick_rows`.

    >>> quick_json(b'{"a": 1}'), quick_json(b'{"a": 1, "a": 2}'), quick_json(b'{"a": 12345678901234567890123}')
    ({'a': 1}, None, None)
    """
    found = quick_rows([line])
    return None if found is None else found[0]


def quick_rows(lines: list[bytes]) -> list[dict[str, Any]] | None:
    """The objects on lines by a parser that is four times as fast; None wherever the strict one might not say the same.

    It keeps the last of two equal keys, and takes whole numbers of twenty digits for fractions. But written again, what
    it has read lacks a colon for each key that it dropped, as long as no colon is written as an escape; and no number
    without so many digits in a row is such a number. No line can have a colon more than before, so that many lines,
    each read by itself, may be looked through together.

    >>> quick_rows([b'{"a": 1}', b'{"b": 2}']), quick_rows([b'{"a": 1}', b'{"a": 1, "a": 2}'])
    ([{'a': 1}, {'b': 2}], None)
    """
    import orjson

    together = b"\n".join(lines)
    if (b"\\" in together and b"\\u003" in together) or LONG_NUMBER in together.translate(ANY_DIGIT):
        return None
    try:
        values = [orjson.loads(line) for line in lines]
        if any(type(value) is not dict for value in values) or orjson.dumps(values).count(b":") != together.count(b":"):
            return None
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):  # what is nested deeper can be read, and not written
        return None
    return values


def _caught(line: bytes, place: Place) -> dict[str, Any] | InputError:
    value = quick_json(line)
    if value is not None:
        return value
    try:
        value = parse_json(decoded(line, place), place)
        if not isinstance(value, dict):
            raise InputError(shown(value, 60), expected='a JSON object such as {"id": ...}', place=place)
        return value
    except InputError as error:
        return error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _without_mark(line: bytes) -> bytes:
    return line.removeprefix(codecs.BOM_UTF8)
