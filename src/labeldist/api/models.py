"""Models as the verbs take them: by name, or opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from labeldist.core.errors import UsageError
from labeldist.models.base import LanguageModel
from labeldist.models.open import ModelOptions, open_model
from labeldist.runs.pilot import NotWorthUsingError


@contextmanager
def opened_model(
    model: str | LanguageModel, options: ModelOptions | None, temperature: float = 0.0
) -> Iterator[LanguageModel]:
    """The model of that name, or the one that is given; ``temperature`` is that of texts that it will write."""
    if isinstance(model, str):
        yield open_model(model, replace(options or ModelOptions(), temperature=temperature))
        return
    if options is not None:
        raise UsageError("options of a model that is open already", hint="open it with them, or give its name")
    yield model


@contextmanager
def keeping(where: str | Path | None, how: str) -> Iterator[None]:
    """Where answers are kept nowhere (None), a pilot that stops the work says so, and ``how`` they would be."""
    try:
        yield
    except NotWorthUsingError as stopped:
        if where is None:
            stopped.hint = (
                f"nothing is kept: with {how} the answers are, and the same call without pilot goes on from them"
            )
        raise


def store_file(store: str | Path | None) -> Path | None:
    """The file of finished calls."""
    if store is None:
        return None
    file = Path(store)
    if file.suffix != ".sqlite":
        raise UsageError(f"store {str(store)!r}", hint="name a file that ends in .sqlite")
    return file
