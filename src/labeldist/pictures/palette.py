"""Colours of labels, the same in notebooks and figures: told apart by colour-blind people, and in order on a scale."""

from __future__ import annotations

from collections.abc import Sequence

# Okabe and Ito, Color Universal Design (2008), https://jfly.uni-koeln.de/color/; those that mix well first.
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
OTHERS = "#8C8C8C"
# Cividis (Nunez, Anderton and Renslow 2018) at equal steps, without its darkest end, which a dark page would hide.
RAMP = ("#1A386F", "#4C566C", "#777776", "#A59C74", "#D5BC5F", "#FEE838")
MOST = len(OKABE_ITO)  # labels that colours can tell apart


def label_colours(count: int, *, ordered: bool = False) -> list[str]:
    """A colour for each of ``count`` labels; those of ``ordered`` ones go from dark to light.

    >>> label_colours(2)
    ['#0072B2', '#E69F00']
    >>> label_colours(3, ordered=True)
    ['#1A386F', '#8E8A75', '#FEE838']
    """
    if ordered:
        return [_on_ramp(place / max(count - 1, 1)) for place in range(count)]
    return [*OKABE_ITO, *[OTHERS] * (count - MOST)][:count]


def mixed(colours: Sequence[str], shares: Sequence[float]) -> str:
    """The mixture of colours in these shares, as light mixes: their squares are about linear.

    >>> mixed(["#000000", "#FFFFFF"], [1, 0]), mixed(["#000000", "#FFFFFF"], [0.5, 0.5])
    ('#000000', '#B4B4B4')
    """
    parts = [_channels(colour) for colour in colours]
    squares = (sum(share * part[at] ** 2 for share, part in zip(shares, parts, strict=True)) for at in range(3))
    return "#" + "".join(f"{min(round(square**0.5), 255):02X}" for square in squares)


def _on_ramp(place: float) -> str:
    at = min(int(place * (len(RAMP) - 1)), len(RAMP) - 2)
    part = place * (len(RAMP) - 1) - at
    ends = zip(_channels(RAMP[at]), _channels(RAMP[at + 1]), strict=True)
    return "#" + "".join(f"{round((1 - part) * low + part * high):02X}" for low, high in ends)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
