"""Short names of models tell them apart, in tables and as files on any file system."""

from __future__ import annotations

import pytest

from labeldist.models.short_names import file_name_part, short_names

CASES = {
    ("embedded", "transformers:/models/a/Qwen2.5.gguf", "server:org/m@http://h:1/v1"): ["embedded", "Qwen2.5", "m"],
    ("transformers:a/m", "transformers:b/m"): ["a/m", "b/m"],
    ("server:m@http://a", "transformers:org/M"): ["m", "org/M"],
    ("server:m@http://a", "server:m@http://b"): ["m@http://a", "m@http://b"],
    ("server:m", "transformers:m"): ["server:m", "transformers:m"],
    ("transformers:m/", "scripted"): ["m", "scripted"],
    ("scripted:a.json", "scripted:b.json"): ["a", "b"],
}


@pytest.mark.parametrize(("specs", "names"), CASES.items())
def test_as_short_as_tells_them_apart(specs: tuple[str, ...], names: list[str]) -> None:
    assert short_names(specs) == dict(zip(specs, names, strict=True))
    parts = [file_name_part(name) for name in names]
    assert len({part.casefold() for part in parts}) == len(parts)
    assert not any(set(part) & set("/.:\\@ ") for part in parts)


def test_names_that_no_file_can_have_differ_all_the_same() -> None:
    specs = ["transformers:模型", "transformers:模型二"]
    parts = [file_name_part(name) for name in short_names(specs).values()]
    assert len(set(parts)) == 2
