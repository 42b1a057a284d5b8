"""Short names of models that are used side by side, for tables and for names of files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from labeldist.datasets.names import file_part

OTHERS = re.compile(r"[^a-z0-9]+")
SUFFIX = re.compile(r"\.(gguf|json)$")  # of models that are one file


def short_names(specs: Sequence[str]) -> dict[str, str]:
    """A short name for each of the models, by its spec: as short as tells them apart.

    Names that differ by case or punctuation alone are no different ones.

    >>> short_names(["server:qwen3@http://localhost:8000/v1", "transformers:org/Llama-3", "embedded"]).values()
    dict_values(['qwen3', 'Llama-3', 'embedded'])
    >>> [*short_names(["server:qwen@http://a/v1", "server:qwen@http://b/v1"]).values()]
    ['qwen@http://a/v1', 'qwen@http://b/v1']
    """
    for names in zip(*(_names(spec) for spec in specs), strict=True):
        if len({file_name_part(name) for name in names}) == len(specs) and all(names):
            return dict(zip(specs, names, strict=True))
    return dict(zip(specs, specs, strict=True))


def file_name_part(name: str) -> str:
    """A model's name as part of the name of a file.

    >>> file_name_part("Qwen2.5-7B-Instruct")
    'qwen2-5-7b-instruct'
    """
    return file_part(OTHERS.sub("-", name.lower()).strip("-") or name)


def _names(spec: str) -> Iterator[str]:
    """The last part of a model's own name; its own name; and that with its folder or address."""
    kind, _, rest = spec.partition(":")
    own = rest.partition("@")[0] if kind == "server" else rest
    yield SUFFIX.sub("", own.rstrip("/").rpartition("/")[2]) or kind
    yield own or kind
    yield rest or kind
