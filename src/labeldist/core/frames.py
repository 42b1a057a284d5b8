"""Data frames of any library, by narwhals: what came in as one goes out as one of the same kind."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

from labeldist.core.errors import UsageError
from labeldist.core.registry import did_you_mean

KINDS = ("pandas", "polars", "pyarrow")


def kind_of(frame: Any) -> str | None:
    """The library that an eager data frame is of, one of KINDS; None for anything else.

    >>> kind_of([1, 2]) is None
    True
    """
    import narwhals as nw

    found = nw.from_native(frame, eager_only=True, pass_through=True)
    if not isinstance(found, nw.DataFrame):
        return None
    return next((kind for kind in KINDS if kind in str(found.implementation).lower()), "pandas")


def installed() -> str:
    """The first of KINDS that is installed; :class:`UsageError` where none is."""
    found = next((kind for kind in KINDS if importlib.util.find_spec(kind) is not None), None)
    if found is None:
        raise UsageError(
            "a data frame, and no library for them is installed", hint=f"install one of: {', '.join(KINDS)}"
        )
    return found


def frame_of(columns: Mapping[str, Sequence[Any]], kind: str | None = None) -> Any:
    """A data frame with these columns, of equal lengths: of ``kind``, or of the library that is installed.

    Raises :class:`UsageError` for another kind, or one that is not installed.
    """
    import narwhals as nw

    if kind is not None and kind not in KINDS:
        raise did_you_mean("kind of data frame", kind, KINDS)
    if kind is not None and importlib.util.find_spec(kind) is None:
        raise UsageError(f"a data frame of {kind}, which is not installed", hint=f"pip install {kind}")
    backend: Any = kind or installed()
    return nw.from_dict(dict(columns), backend=backend).to_native()
