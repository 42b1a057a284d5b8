"""What evidence is worth: the labels per item that it saves, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from labeldist.pictures.palette import OKABE_ITO
from labeldist.reports.figures.style import GREY
from labeldist.reports.figures.text import plain
from labeldist.reports.view import Saved


def draw_worth(axes: Any, saves: Sequence[Saved]) -> None:
    """Draw a row for each set of evidence: the labels per item it saves, with its 90% interval, against none."""
    for at, one in enumerate(saves):
        spread = np.clip([[one["labels"] - one["low"]], [one["high"] - one["labels"]]], 0, None)
        whole = at == 0 and len(saves) > 1
        axes.errorbar(
            [one["labels"]], [at], xerr=spread, color=OKABE_ITO[0], marker="D" if whole else "o", markersize=5,
            elinewidth=1.8 if whole else 1.2, mec="white", mew=0.5, zorder=3,
        )  # fmt: skip
        above = {"textcoords": "offset points", "ha": "center", "va": "bottom", "fontsize": 7}
        axes.annotate(f"{one['labels']:.1f}", (one["labels"], at), (0, 5), **above)
    axes.axvline(0, color=GREY, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    axes.set_ylim(len(saves) - 0.5, -0.6)
    axes.set_yticks(range(len(saves)), [evidence_name(one["evidence"], together=len(saves) > 1) for one in saves])
    axes.margins(x=0.06)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x")
    axes.set_xlabel("labels per item that the evidence saves (90% interval)")


def evidence_name(names: Sequence[str], *, together: bool = False) -> str:
    """The names of evidence as one; ``all N together`` where they would be too many to read."""
    if not names:
        return "labels alone"
    if together and len(names) > 2:
        return f"all {len(names)} together"
    return plain(" + ".join(shorter(name, len(names)) for name in names), 40)


def shorter(name: str, parts: int) -> str:
    """A name with room for as many others as there are ``parts``."""
    room = max(38 // max(parts, 1), 8)
    return name if len(name) <= room else name[: room - 1] + "…"
