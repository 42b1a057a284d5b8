"""The quick JSON parser says what the strict one says, or nothing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.core.errors import InputError, Place
from labeldist.datasets.jsonl import decoded, json_rows, parse_json, quick_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
# Pieces that put together are often JSON, often nearly, with keys twice, colons in texts, escapes and long numbers.
PIECES = st.lists(
    st.sampled_from(
        [
            *("{", "}", "[", "]", ",", ":", " ", "1", "-0", "1e400", "NaN", "12345678901234567890123"),
            *('"a"', '"b"', '"a":', '":"', '"\\u003a"', '"\\u003A":', '"\\ud800"', "0.1234567890123456789"),
            *('{"a":1}', '"a":1,', '{"a":1,"a":2}', "\0", "\ufeff"),
        ]
    ),
    max_size=9,
).map("".join)


def strictly(line: bytes) -> Any:
    try:
        return parse_json(decoded(line, Place()), Place())
    except InputError as error:
        return error


def same(line: bytes) -> bool:
    """Whether the quick parser says nothing, or the same to the last digit and type."""
    found = quick_json(line)
    return found is None or json.dumps(found) == json.dumps(strictly(line))


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=4), st.booleans())
def test_objects_are_read_as_by_the_strict_parser(value: dict[str, Any], escaped: bool) -> None:
    assert same(json.dumps(value, ensure_ascii=escaped).encode("utf-8", "replace"))


@given(PIECES)
def test_what_is_hardly_json_is_left_to_the_strict_parser(text: str) -> None:
    assert same(text.encode())
    assert same(f"{{{text}}}".encode())


@given(PIECES, PIECES)
def test_a_key_twice_is_never_lost(one: str, other: str) -> None:
    assert same(f'{{"k": {one or 1}, "x": "{other.replace(chr(34), "")}", "k": 2}}'.encode())


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": ":"}}',
        b'{"a": "\\u003a", "b": 1, "b": 2}',
        b'{"a": "\\u003A", "b": 1, "b": 2}',
        b'{"a": 123456789012345678901}',
        b'{"a": -9223372036854775809}',
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        b'{"a": 1e400}',
        b"[1]",
        b"1",
        b"",
    ],
)
def test_these_are_left_to_the_strict_parser(line: bytes) -> None:
    assert quick_json(line) is None


def test_usual_lines_are_read_quickly() -> None:
    """Else all of them would be read twice, and nothing would show it but time."""
    line = json.dumps({"id": "1", "text": 'He said: "no".', "p": {"é": 0.1 + 0.2, "b": 1e-7}, "n": 10**17}).encode()
    assert quick_json(line) == json.loads(line)


@pytest.mark.parametrize("depth", [200, 250, 254, 300, 900, 1100, 100_000])
def test_what_is_nested_deep_is_a_row_or_an_error_of_ours(depth: int, tmp_path: Path) -> None:
    file = tmp_path / "deep.jsonl"
    file.write_text('{"id": "1", "x": ' + "[" * depth + "]" * depth + "}\n")
    [(_, row)] = json_rows(file)
    assert isinstance(row, InputError) == (depth > 900), row


@given(st.lists(PIECES.map("{{{}}}".format) | st.just('{"a": ":"}') | st.just(" "), min_size=1, max_size=12))
def test_lines_read_together_are_what_each_is_by_itself(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    file = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    file.write_bytes("\n".join([*lines, '{"last": 1}']).encode())
    for place, row in json_rows(file):
        assert place.line is not None
        line = [*lines, '{"last": 1}'][place.line - 1].encode()
        alone = strictly(line.removeprefix(b"\xef\xbb\xbf") if place.line == 1 else line)
        assert isinstance(row, InputError) == isinstance(alone, InputError)
        if isinstance(row, dict):
            assert json.dumps(row) == json.dumps(alone)
        elif isinstance(alone, InputError):
            assert row.found == alone.found


def test_rows_before_the_end_of_a_broken_file_come_first(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b'{"id": "%d"}\n' % number for number in range(20_000)))
    file = tmp_path / "rows.jsonl.gz"
    file.write_bytes(whole[: len(whole) // 2])
    seen: list[object] = []
    with pytest.raises(InputError, match="broken gzip"):
        seen.extend(row for _, row in json_rows(file))
    assert len(seen) > 5_000
    assert seen == [{"id": str(number)} for number in range(len(seen))]
