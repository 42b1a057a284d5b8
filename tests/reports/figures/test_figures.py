"""Figures: everything is where its number says, whatever the labels are called and however many there are."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.reports.figures.made_view import made_view

from labeldist.core.errors import MissingExtraError, UsageError
from labeldist.pictures.palette import label_colours, mixed
from labeldist.reports.figures.draw import FIGURES, disputed, draw_figures
from labeldist.reports.figures.panels import Panel, panels_of
from labeldist.reports.figures.stacked import columns, order_of
from labeldist.reports.figures.style import styled
from labeldist.reports.figures.text import plain
from labeldist.reports.figures.triangle import CELLS, areas, cells, places_of
from labeldist.reports.view import View

pytest.importorskip("matplotlib", reason="the extra 'plots' is not installed")
pytest.importorskip("mpltern", reason="the extra 'plots' is not installed")

NLI = ("entailment", "neutral", "contradiction")
ATTACKS = (
    "<script>alert(1)</script>",
    "</svg></script><img src=x onerror=alert(1)>",
    "$x^{2$} $\\frac$",
    "a\nb\tc\u202eabc\u2028\x00",
    "word" * 25_000,
    "赞成 反对 مرحبا 👩\u200d🚀\uffff",
    "$$",
    " ",
)
HASHES = Path(__file__).parent / "hashes.txt"
FEW_BITS = 16  # of 256 that may differ: another version of matplotlib or of a font


def figure_of(view: View, name: str) -> Any:
    from matplotlib.figure import Figure

    with styled():
        figure = Figure(layout="constrained")
        assert FIGURES[name](view, figure)
    return figure


def points_of(axes: Any) -> dict[tuple[float, float], float]:
    """The places of markers, as they are drawn in axes from 0 to 1, and their areas."""
    found = {}
    for collection in axes.collections:
        offsets, sizes = np.asarray(collection.get_offsets()), collection.get_sizes()
        flat = axes.transAxes.inverted().transform(collection.get_offset_transform().transform(offsets))
        found |= {(round(x, 6), round(y, 6)): float(size) for (x, y), size in zip(flat, sizes, strict=True)}
    return found


def test_points_are_at_their_barycentric_coordinates() -> None:
    view = made_view(NLI, 15)
    drawn = figure_of(view, "triangle").axes
    assert len(drawn) == 4
    for axes, panel in zip(drawn, panels_of(view), strict=True):
        # The first label on top, the second left, the third right, of a triangle that is as wide as its axes.
        places = panel.shares.round(3)
        wanted = {
            (round(right + top / 2, 6), round(top, 6))
            for top, left, right in (places / places.sum(1)[:, None]).tolist()
        }
        assert {(round(x, 4), round(y, 4)) for x, y in points_of(axes)} == {
            (round(x, 4), round(y, 4)) for x, y in wanted
        }


def test_an_area_goes_with_the_number_of_items() -> None:
    shares = np.array([[1, 0, 0]] * 6 + [[0, 1, 0]] * 3 + [[0, 0, 1]], dtype=float)
    places, which, counts = places_of(shares)
    assert {tuple(place): int(count) for place, count in zip(places.tolist(), counts, strict=True)} == {
        (1, 0, 0): 6,
        (0, 1, 0): 3,
        (0, 0, 1): 1,
    }
    assert [places[at].tolist() for at in which] == shares.tolist()
    one, three, six = areas(np.array([1, 3, 6]))
    assert (three / one, six / one) == (3, 6)


def test_a_point_is_hollow_where_intervals_overlap() -> None:
    shares = np.array([[0.6, 0.4, 0.0], [0.8, 0.1, 0.1]])
    panel = Panel("", "posterior", ("1", "2"), shares, shares - 0.11, shares + 0.11)
    undecided = panel.undecided()
    assert undecided is not None
    assert undecided.tolist() == [True, False]
    view = made_view(NLI, 2, kinds=["posterior"])
    view["items"][0]["distributions"]["posterior"], view["items"][1]["distributions"]["posterior"] = shares.tolist()
    for item, row in zip(view["items"], shares.tolist(), strict=True):
        item["intervals"]["posterior"] = [(max(share - 0.11, 0), share + 0.11) for share in row]
    [axes] = figure_of(view, "triangle").axes
    solid, hollow = axes.collections
    assert np.allclose(hollow.get_facecolor()[0][:3], 1)
    from matplotlib.colors import to_rgb

    assert np.allclose(hollow.get_edgecolor()[0][:3], to_rgb(mixed(label_colours(3), [0.6, 0.4, 0.0])), atol=0.01)
    assert np.allclose(solid.get_facecolor()[0][:3], to_rgb(mixed(label_colours(3), [0.8, 0.1, 0.1])), atol=0.01)


def test_cells_count_every_item_once() -> None:
    shares = np.random.default_rng(1).dirichlet([1, 1, 1], 3000)
    shares = np.concatenate([shares, np.eye(3), [[0.5, 0.5, 0], [1 / 3] * 3]])
    corners, counts = cells(shares)
    assert len(corners) == CELLS**2
    assert counts.sum() == len(shares)
    inside = np.zeros(len(corners))
    for share in shares:  # in a triangle: no coordinate within it is below 0
        weights = np.linalg.solve(np.swapaxes(corners, 1, 2), np.tile(share, (len(corners), 1))[..., None])[..., 0]
        inside[np.argmax(weights.min(axis=1))] += 1
    assert np.abs(inside - counts).sum() <= 12  # on an edge either side will do


def test_many_points_are_density_with_one_scale() -> None:
    figure = figure_of(made_view(NLI, 1600, kinds=["reference", "labels"]), "triangle")
    dense, sparse, bar = figure.axes
    from matplotlib.collections import PathCollection, PolyCollection

    [filled] = [one for one in dense.collections if type(one) is PolyCollection]
    assert filled.get_array().sum() == 1600
    assert [type(one) for one in sparse.collections] == [PathCollection]
    assert bar.get_xlabel() == "items in a cell"


def test_two_labels_pile_up_on_a_line() -> None:
    view = made_view(["no", "yes"], 9, kinds=["labels"])
    [axes] = figure_of(view, "triangle").axes
    offsets = np.asarray(axes.collections[0].get_offsets())
    wanted = [item["distributions"]["labels"][1] for item in view["items"]]
    assert offsets[:, 0].tolist() == pytest.approx(wanted)
    for place in set(wanted):  # each at a height of its own
        heights = sorted(offsets[np.isclose(offsets[:, 0], place), 1].tolist())
        assert heights == [at + 0.5 for at in range(len(heights))]


@pytest.mark.parametrize(("count", "ordered", "rows"), [(5, True, 5), (8, False, 8), (30, False, 8), (30, True, 30)])
def test_bars_add_up_and_are_in_one_order(count: int, ordered: bool, rows: int) -> None:
    view = made_view([f"label {at}" for at in range(count)], 40, ordered=ordered)
    figure = figure_of(view, "triangle")
    assert len(figure.legends[0].get_texts()) == rows
    last = view["items"]
    panels = panels_of(view)
    order = order_of(panels[-1].shares, ordered=ordered)
    for axes, panel in zip(figure.axes, panels, strict=True):
        tops = [patch.get_data() for patch in axes.patches]
        assert len(tops) == rows
        assert np.allclose(tops[-1].values, 1)
        first = panel.shares[order, 0 if ordered or count <= 8 else _largest(panels)[0]]
        assert np.allclose(tops[0].values, first)
    assert len(last) == 40


def _largest(panels: Sequence[Panel]) -> list[int]:
    means = np.mean([panel.shares.mean(axis=0) for panel in panels], axis=0)
    return sorted(np.argsort(-means)[:7].tolist())


def test_columns_keep_the_mean() -> None:
    shares = np.random.default_rng(0).dirichlet([1, 2, 3, 4], 1000)
    found = columns(shares, 300)
    assert len(found) == 300
    sizes = np.diff(np.linspace(0, 1000, 301).astype(int), append=[])
    assert np.allclose((found * sizes[:, None]).sum(axis=0), shares.sum(axis=0), rtol=0.01)
    assert np.allclose(found.sum(axis=1), 1)


def test_intervals_are_where_they_belong() -> None:
    view = made_view(NLI, 9)
    figure = figure_of(view, "distributions")
    chosen = disputed(view)
    ranked = sorted(view["items"], key=lambda item: -(item["disagreement"] or 0))
    assert chosen == [item["id"] for item in ranked[:6]]
    assert len(figure.axes) == 6
    for axes, item in zip(figure.axes, ranked, strict=False):
        assert axes.get_title(loc="left").startswith(item["id"])
        drawn = [tuple(segment[:, 0]) for one in axes.collections for segment in one.get_segments()]
        assert drawn == [pytest.approx(ends) for ends in item["intervals"]["posterior"]]
        marks = [line.get_xdata().tolist() for line in axes.lines]
        assert marks == [pytest.approx(item["distributions"][one["key"]]) for one in view["sets"]]
    shapes = [(text.get_marker(), text.get_color()) for text in figure.legends[0].get_lines()]
    assert len({shape for shape, _ in shapes}) == len({colour for _, colour in shapes}) == 4


def test_calibration_worth_and_curve_show_their_numbers() -> None:
    view = made_view(NLI)
    known, curve = view["calibration"], view["learning_curve"]
    assert known is not None
    assert curve is not None
    bins, coverage = figure_of(view, "calibration").axes
    assert bins.containers[0].lines[0].get_xdata().tolist() == [one["predicted"] for one in known["bins"]]
    assert [segment[:, 1].tolist() for segment in bins.containers[0].lines[2][0].get_segments()] == [
        pytest.approx([one["low"], one["high"]]) for one in known["bins"]
    ]
    assert [tick.get_text() for tick in coverage.get_yticklabels()] == ["all labels", *NLI]
    assert [one.lines[0].get_xdata()[0] for one in coverage.containers] == [0.85] * 4
    [worth] = figure_of(view, "worth").axes
    [ends] = worth.containers[0].lines[2][0].get_segments()
    assert ends[:, 0].tolist() == pytest.approx([0.4, 3.1])
    kl, tvd = figure_of(view, "learning_curve").axes
    lines = [line for line in kl.lines if len(line.get_xdata()) == 11]
    assert lines[1].get_ydata().tolist() == [one["kl"] for one in curve["predicted"] if one["evidence"]]
    assert ([5.0], [0.2]) in [([*line.get_xdata()], [*line.get_ydata()]) for line in kl.lines]
    band = kl.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(1.0)  # the upper end without a label
    assert len([line for line in tvd.lines if len(line.get_xdata()) == 11]) == 2


@pytest.mark.parametrize("labels", [2, 3, 8, 30])
def test_whatever_texts_say_they_are_only_shown(labels: int, tmp_path: Path) -> None:
    names = [*ATTACKS, *(f"label {at}" for at in range(labels))][:labels] if labels > 2 else ATTACKS[:2]
    view = made_view(names, len(ATTACKS), ids=ATTACKS, names=ATTACKS[1:5], evidence=ATTACKS[0])
    files = draw_figures(view, tmp_path, formats=("svg", "pdf") if labels == 3 else ("svg",))
    assert len(files) == len(FIGURES) * (2 if labels == 3 else 1)
    for file in files:
        assert file.stat().st_size < 3_000_000
        if file.suffix == ".svg":
            _harmless(file.read_text(encoding="utf-8"))


def _harmless(text: str) -> None:
    root = ElementTree.fromstring(text)
    for element in root.iter():
        assert element.tag.rpartition("}")[2] not in ("script", "image", "foreignObject", "a")
        assert not any(name.lower().startswith("on") for name in element.attrib)
        assert len(element.text or "") < 200 or element.tag.endswith("style")
    assert not re.search("[\u202e\u2028\x00\uffff]", text)


def test_a_text_is_no_formula() -> None:
    view = made_view(["$x^{2}$", "$$", "a $b$ c"], 3, kinds=["labels"])
    figure = figure_of(view, "triangle")
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure).draw()
    texts = [text for axes in figure.axes for text in axes.texts]
    assert [text._preprocess_math(text.get_text()) for text in texts] == [
        ("$x^{2}$", False), ("$$", False), ("a $b$ c", False)
    ]  # fmt: skip


def test_characters_without_a_glyph_are_written_out() -> None:
    from labeldist.reports.figures.text import covered

    assert ord("é") in covered()
    assert plain("été") == "été"
    missing = next(chr(code) for code in range(0x4E00, 0x9FFF) if code not in covered())
    assert plain(f"a{missing}") == f"a\\u{ord(missing):04x}"
    assert plain("x" * 100_000).endswith("…")
    assert len(plain("x" * 100_000, 20)) == 20


def test_equal_views_make_equal_files(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        draw_figures(made_view(NLI), tmp_path / folder)
    files = sorted((tmp_path / "a").iterdir())
    assert [file.name for file in files] == sorted(
        f"{name}.{format_}" for name in FIGURES for format_ in ("pdf", "png", "svg")
    )
    for file in files:
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name


def test_a_pdf_carries_its_fonts_and_an_svg_its_texts(tmp_path: Path) -> None:
    pdf, svg = draw_figures({**made_view(NLI), "items": []}, tmp_path, formats=("pdf", "svg"))[-2:]
    assert b"/FontFile2" in pdf.read_bytes()
    assert b"/Type3" not in pdf.read_bytes()
    texts = [element.text for element in ElementTree.parse(svg).iter() if element.tag.endswith("text")]
    assert {"labels per item", "labels alone", "llm"} <= set(texts)


def test_only_what_there_is_is_drawn(tmp_path: Path) -> None:
    view = made_view(NLI, 1, kinds=["labels"])
    view["calibration"] = view["learning_curve"] = None
    view["facts"]["saves"] = []
    noted: list[Path] = []
    files = draw_figures(view, tmp_path, formats=("svg",), note=lambda file, _: noted.append(file))
    assert [file.name for file in files] == ["triangle.svg", "distributions.svg"]
    assert noted == files
    view["items"] = []
    assert draw_figures(view, tmp_path) == []


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'gif'"):
        draw_figures(made_view(NLI), tmp_path, formats=("gif",))


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "labeldist.reports.figures.style.find_spec", lambda name: None if name == "mpltern" else object()
    )
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[plots\]'"):
        draw_figures(made_view(NLI), tmp_path)


def hash_of(file: Path) -> int:
    """Of a picture 16 by 16 bits: whether each part is lighter than the median."""
    from matplotlib.image import imread

    grey = imread(file)[..., :3].mean(axis=2)
    parts = [np.array_split(row, 16, axis=1) for row in np.array_split(grey, 16, axis=0)]
    means = np.array([[part.mean() for part in row] for row in parts]).ravel()
    return int("".join("1" if one else "0" for one in means > np.median(means)), 2)


def test_figures_look_as_they_did(tmp_path: Path) -> None:
    known = dict(line.split() for line in HASHES.read_text().splitlines())
    found = {}
    for name, view in (
        ("three", made_view(NLI)),
        ("two", made_view(["no", "yes"])),
        ("eight", made_view([*"abcdefgh"])),
    ):
        folder = tmp_path / name
        found |= {f"{name}-{file.stem}": hash_of(file) for file in draw_figures(view, folder, formats=("png",))}
    apart = {name: (int(known[name], 16) ^ one).bit_count() for name, one in found.items()}
    assert all(bits <= FEW_BITS for bits in apart.values()), {name: f"{one:064x}" for name, one in found.items()}
    assert math.isclose(len(known), len(found))
    # The hash tells figures apart: else it could not fail.
    assert (found["three-triangle"] ^ found["two-triangle"]).bit_count() > 2 * FEW_BITS
