"""The one style of all figures, and how they are written: equal input gives equal files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeldist.core.errors import MissingExtraError
from labeldist.datasets.whole import Note, whole_file
from labeldist.pictures.palette import OKABE_ITO
from labeldist.reports.figures.text import families

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 7.0  # inches: two columns of a paper
GREY, FAINT = "#555555", "#BBBBBB"
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (8, 2, 2, 2)), (0, (3, 3)))
FORMATS = ("pdf", "svg", "png")
# Without dates and versions of other programs.
METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Creator": "labeldist", "Producer": None},
    "svg": {"Date": None, "Creator": "labeldist"},
    "png": {"Software": None},
}
# PDF carries its fonts. SVG has texts as texts: they can be found, read aloud and set in any script; paths could not.
STYLE: dict[str, Any] = {
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "figure.titlesize": 9,
    "axes.linewidth": 0.6,
    "axes.edgecolor": "#333333",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "axes.grid": False,
    "grid.color": "#E2E2E2",
    "grid.linewidth": 0.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.3,
    "hatch.linewidth": 0.5,
    "figure.dpi": 120,
    "savefig.dpi": 220,
    "savefig.facecolor": "white",
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "labeldist",
    "text.usetex": False,
}


def can_draw() -> bool:
    """Whether the extra ``plots`` is installed."""
    return find_spec("matplotlib") is not None and find_spec("mpltern") is not None


def require_plots(what: str) -> None:
    """Raise :class:`MissingExtraError` where ``what`` cannot be drawn."""
    if not can_draw():
        raise MissingExtraError(what, "plots")


@contextmanager
def styled() -> Iterator[None]:
    """What is drawn within has the style of all figures."""
    import matplotlib as mpl
    from cycler import cycler

    parameters: Any = {**STYLE, "font.family": [*families(), "sans-serif"], "axes.prop_cycle": cycler(color=OKABE_ITO)}
    with mpl.rc_context(parameters):
        yield


def save(figure: Figure, file: Path, note: Note | None = None) -> None:
    """Write the figure in the format that the file's name says; within :func:`styled`."""
    format_ = file.suffix[1:]
    with whole_file(file, note) as opened:
        figure.savefig(opened, format=format_, metadata=METADATA[format_])
