"""Parts of a JSON document, read strictly: each knows where it stands, and says so when it is not what it should be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from labeldist.core.errors import InputError, Place, shown
from labeldist.estimation.observations import Array


@dataclass(frozen=True, slots=True)
class Part:
    """A ``value`` of the document in ``file``, which stands in the field ``name``."""

    value: Any
    file: Path | None
    name: str = ""

    def refuse(self, expected: str, hint: str = "") -> NoReturn:
        """Say that this is not what was ``expected``."""
        place = Place(self.file, None, self.name or None)
        raise InputError(shown(self.value, 60), expected=expected, place=place, hint=hint)

    def of(self, key: str) -> Part:
        """The value of an object under that key, which must be there."""
        if not isinstance(self.value, Mapping):
            self.refuse("an object")
        if key not in self.value:
            raise InputError(f"no {key!r}", expected="it to be there", place=Place(self.file, None, self.name or None))
        return Part(self.value[key], self.file, f"{self.name}.{key}" if self.name else key)

    def maybe(self, key: str) -> Part | None:
        """As :meth:`of`; None for null."""
        found = self.of(key)
        return None if found.value is None else found

    def each(self) -> Iterator[Part]:
        """The parts of a list."""
        if not isinstance(self.value, list):
            self.refuse("a list")
        return (Part(one, self.file, f"{self.name}[{at}]") for at, one in enumerate(self.value))

    def text(self) -> str:
        """A text."""
        return self.value if isinstance(self.value, str) else self.refuse("a text")

    def texts(self) -> tuple[str, ...]:
        """A list of texts, none of them twice."""
        found = tuple(one.text() for one in self.each())
        return found if len(set(found)) == len(found) else self.refuse("each name once")

    def one_of(self, *choices: str) -> str:
        """One of these texts."""
        found = [one for one in choices if one == self.value]
        return found[0] if found else self.refuse(f"one of: {', '.join(choices)}")

    def flag(self) -> bool:
        """True or false."""
        return self.value if isinstance(self.value, bool) else self.refuse("true or false")

    def whole(self) -> int:
        """A whole number of at least 0."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < 0:
            self.refuse("a whole number of at least 0")
        return self.value

    def number(self, least: float = -math.inf, *, above: bool = False) -> float:
        """A finite number of at least ``least``, or ``above`` it."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            self.refuse("a number")
        try:
            found = float(self.value)
        except OverflowError:
            self.refuse("a finite number")
        if not math.isfinite(found) or found < least or (above and found == least):
            self.refuse(
                "a finite number" if least == -math.inf else f"a number {'above' if above else 'from'} {least:g}"
            )
        return found

    def numbers(self, *shape: int, least: float = -math.inf, above: bool = False) -> Array:
        """Numbers in lists of lists of that ``shape``; -1 is any length of at least 1."""
        return np.array(self._nested(shape, least, above), dtype=np.float64).reshape(self._shape(shape))

    def _nested(self, shape: tuple[int, ...], least: float, above: bool) -> Any:
        if not shape:
            return self.number(least, above=above)
        parts = list(self.each())
        if len(parts) != shape[0] and not (shape[0] == -1 and parts):
            self.refuse(f"a list of {'at least one' if shape[0] == -1 else shape[0]}")
        return [one._nested(shape[1:], least, above) for one in parts]

    def _shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(len(self.value) if at == 0 and one == -1 else one for at, one in enumerate(shape))
