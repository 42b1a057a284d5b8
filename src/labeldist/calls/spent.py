"""What the finished calls of a run took, by model, without opening its store for writing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from labeldist.core.errors import StoreError

SUMS = """
    SELECT models.name, COUNT(*), TOTAL(prompt_tokens), TOTAL(new_tokens)
    FROM calls JOIN models ON models.id = calls.model GROUP BY models.name ORDER BY models.name
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """The finished calls of a model (name and revision), and their tokens as it counts them."""

    model: str
    calls: int
    prompt_tokens: int
    new_tokens: int


def spent_by_model(store: Path) -> list[Spent]:
    """The sums of all calls in ``store``; raises :class:`StoreError` where it cannot be read.

    >>> import tempfile
    >>> from labeldist.calls.store import Call, Store
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Store(Path(folder) / "run.sqlite") as kept:
    ...         kept.add([Call(b"k", "generate", "scripted 1", 3, 5, b"Rain.")])
    ...     spent_by_model(Path(folder) / "run.sqlite")
    [Spent(model='scripted 1', calls=1, prompt_tokens=3, new_tokens=5)]
    """
    try:
        with closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return [Spent(name, calls, int(prompt), int(new)) for name, calls, prompt, new in database.execute(SUMS)]
    except sqlite3.Error as error:
        raise StoreError(f"cannot read {store}: {error}", hint="is it the store of a run, and is it whole?") from error
