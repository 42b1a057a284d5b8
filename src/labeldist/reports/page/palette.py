"""Colours of labels that colour-blind people can tell apart, and the sign that stands for a label beside its colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Okabe and Ito (2008), the pairs that differ most first; the ink is what can be read on it.
NAMED = (
    ("#0072b2", "#fff"),
    ("#e69f00", "#000"),
    ("#009e73", "#000"),
    ("#cc79a7", "#000"),
    ("#56b4e9", "#000"),
    ("#d55e00", "#000"),
    ("#f0e442", "#000"),
    ("#4d4d4d", "#fff"),
)
HUES = (250, 65, 165)  # of many labels: neighbours differ in hue, and all in lightness
# Lightness of many labels. Between light and dark ones neither black nor white can be read well.
LIGHT, DARK = (0.9, 0.63), (0.53, 0.38)


@dataclass(frozen=True, slots=True)
class Colour:
    """What a label is drawn in, what is written on it, and its sign: a letter or its place."""

    fill: str
    ink: str
    mark: str


def palette(labels: Sequence[str], values: Sequence[float] | None) -> list[Colour]:
    """A colour for each label: along a scale from blue to orange where labels have ``values``, else as different as
    can be.
    """
    if values is not None and len(labels) > 2:
        fills = [_on_scale(value, min(values), max(values)) for value in values]
    elif len(labels) <= len(NAMED):
        fills = list(NAMED[: len(labels)])
    else:
        fills = [_stepped(place, len(labels)) for place in range(len(labels))]
    return [Colour(fill, ink, mark) for (fill, ink), mark in zip(fills, marks(labels), strict=True)]


def marks(labels: Sequence[str]) -> list[str]:
    """A sign for each label: its first letter where these differ, else its place from 1.

    >>> marks(["entailment", "neutral", "contradiction"]), marks(["a", "A", "b"])
    (['E', 'N', 'C'], ['1', '2', '3'])
    """
    letters = [label[:1].upper() for label in labels]
    plain = all(letter.isalnum() and len(letter) == 1 for letter in letters)
    if plain and len(set(letters)) == len(letters):
        return letters
    return [str(place + 1) for place in range(len(labels))]


def _on_scale(value: float, low: float, high: float) -> tuple[str, str]:
    at = (value - low) / (high - low) * 2 - 1 if high > low else 0.0
    lightness = _readable(0.93 - 0.45 * abs(at))
    return f"oklch({lightness:.3f} {0.01 + 0.13 * abs(at):.3f} {250 if at < 0 else 50})", _ink(lightness)


def _stepped(place: int, of: int) -> tuple[str, str]:
    light = of * 2 // 3
    (start, end), at = (
        (LIGHT, place / (light - 1)) if place < light else (DARK, (place - light) / max(1, of - light - 1))
    )
    lightness = start + (end - start) * at
    return f"oklch({lightness:.3f} 0.12 {HUES[place % len(HUES)]})", _ink(lightness)


def _readable(lightness: float) -> float:
    """The nearest lightness that something can be read on."""
    if not DARK[0] < lightness < LIGHT[1]:
        return lightness
    return LIGHT[1] if lightness > sum((DARK[0], LIGHT[1])) / 2 else DARK[0]


def _ink(lightness: float) -> str:
    return "#000" if lightness >= LIGHT[1] else "#fff"
