"""Pictures of notebooks: XML with the right marks at the right places, harmless whatever texts say, and quick."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import labeldist as ld
from labeldist.api.distributions import Distributions
from labeldist.core.item import Annotation, Item
from labeldist.estimation.calibration import Calibration
from labeldist.estimation.estimate import Estimate
from labeldist.estimation.posterior import Posterior
from labeldist.evaluation.evaluation import Column, Evaluation, Interval, Row
from labeldist.pictures.bars import WIDTH, stacked_bars
from labeldist.pictures.counts import label_counts, labels_per_item
from labeldist.pictures.curve import TALL, learning_curve
from labeldist.pictures.forest import forest
from labeldist.pictures.items import SIDE, items_picture
from labeldist.pictures.table import html_table

ATTACKS = (
    "<script>alert(1)</script>",
    '"/></svg></script><img src=x onerror="alert(1)">',
    "$x$ &amp; <!-- ]]>",
    "a\nb\tc\u202eabc\u2028\x00\ufffe\uffff\ud800",
    "word" * 25_000,
)


def parsed(picture: str) -> ElementTree.Element:
    """The picture, which is XML without anything that acts."""
    root = ElementTree.fromstring(f"<div>{picture}</div>")
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        assert name in ("div", "svg", "title", "text", "rect", "circle", "path", "p",
                        "table", "thead", "tbody", "tr", "th", "td"), name  # fmt: skip
        assert not any(key.lower().startswith("on") or key in ("id", "href") for key in element.attrib)
    assert not re.search("[\u202e\u2028\x00\ufffe\uffff]", picture)
    return root


def parts(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [element for element in root.iter() if element.tag.rpartition("}")[2] == name]


def words(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in parts(root, "text")]


def ends_of(path: ElementTree.Element) -> list[tuple[float, float]]:
    found = re.findall(r"(-?[\d.]+) (-?[\d.]+)", path.attrib["d"])
    return [(float(x), float(y)) for x, y in found]


def estimate(items: int, labels: tuple[str, ...], ids: tuple[str, ...] = ()) -> Estimate:
    mean = np.random.default_rng(0).dirichlet(np.ones(len(labels)), items)
    error = np.full(items, 0.1)
    known = Posterior(mean, np.clip(mean - 0.1, 0, 1), np.clip(mean + 0.2, 0, 1), 0.9, error, error, error)
    calibration = Calibration("off", 1.0, fitted=False)
    return Estimate(labels, ids or tuple(map(str, range(items))), (), np.zeros(mean.shape), known, mean, calibration)


def test_a_bar_has_a_part_for_each_label_and_its_intervals() -> None:
    shares = np.array([[0.5, 0.3, 0.2], [0.0, 0.25, 0.75]])
    root = parsed(stacked_bars(["a", "b", "c"], ["x", "y"], shares, shares - 0.1, shares + 0.1, title="both"))
    rects = parts(root, "rect")
    widths = [float(one.attrib["width"]) for one in rects[3:]]  # the first three are the legend
    assert widths == pytest.approx([0.5 * WIDTH, 0.3 * WIDTH, 0.2 * WIDTH, 0.25 * WIDTH, 0.75 * WIDTH])
    start = float(rects[3].attrib["x"])
    ends = [[x for x, _ in ends_of(path)] for path in parts(root, "path")]
    wanted = [[start + end * WIDTH for end in (share - 0.1, share + 0.1)] for share in shares.ravel().tolist()]
    assert ends == [pytest.approx(pair, abs=0.06) for pair in wanted]
    assert words(root) == ["a", "b", "c", "x", "y"]
    [svg] = parts(root, "svg")
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-label"].startswith("both: 2 rows")


def test_a_triangle_has_a_disk_where_items_are() -> None:
    shares = np.array([[1, 0, 0]] * 4 + [[0, 1, 0], [0.2, 0.2, 0.6]], dtype=float)
    root = parsed(items_picture(["top", "left", "right"], shares))
    disks = {
        (float(one.attrib["cx"]), float(one.attrib["cy"])): float(one.attrib["r"]) for one in parts(root, "circle")
    }
    corners = ends_of(parts(root, "path")[0])[:3]
    assert corners[2][0] - corners[1][0] == pytest.approx(SIDE)
    where = [
        [sum(c[at] * s for c, s in zip(corners, share, strict=True)) for at in (0, 1)]
        for share in ([1, 0, 0], [0, 1, 0], [0.2, 0.2, 0.6])
    ]
    assert sorted(disks) == [pytest.approx(place, abs=0.11) for place in sorted(map(tuple, where))]
    assert disks[corners[0]] == pytest.approx(2 * disks[corners[1]], abs=0.11)  # four items: twice the radius
    assert words(root) == ["top", "left", "right"]


@pytest.mark.parametrize(("labels", "texts"), [(2, ["all l0", "all l1"]), (8, [f"l{at}" for at in range(8)])])
def test_other_numbers_of_labels(labels: int, texts: list[str]) -> None:
    shares = np.random.default_rng(0).dirichlet(np.ones(labels), 50)
    root = parsed(items_picture([f"l{at}" for at in range(labels)], shares))
    assert set(texts) <= set(words(root))
    if labels == 8:
        for at, mean in enumerate(shares.mean(axis=0)):
            assert words(root)[2 * at + 1] == f"{mean:.3f}"
    else:
        assert len(parts(root, "rect")) == len(np.unique((shares[:, 1] * 24).astype(int)))


def test_of_thirty_labels_seven_have_names() -> None:
    shares = np.random.default_rng(0).dirichlet(np.arange(1, 31), 50)
    root = parsed(items_picture([f"l{at}" for at in range(30)], shares))
    assert words(root)[:-2:2] == [f"l{at}" for at in sorted(np.argsort(-shares.mean(axis=0))[:7])] + ["23 others"]


def test_nothing_makes_no_picture() -> None:
    assert items_picture(["a", "b"], np.empty((0, 2))) == ""
    assert items_picture(["a"], np.ones((3, 1))) == ""
    assert label_counts({"a": 0}) == labels_per_item({}) == learning_curve({}) == forest([], "KL") == ""


def test_a_curve_has_a_line_and_a_band_for_each_evidence() -> None:
    curves = {
        name: [(n, top / (n + 1), 0.9 * top / (n + 1), 1.1 * top / (n + 1)) for n in range(5)]
        for name, top in (("none", 1.0), ("llm", 0.5))
    }
    root = parsed(learning_curve(curves, now=2.0, measured=[("llm", 2.0, 0.2)]))
    paths = [ends_of(path) for path in parts(root, "path")]
    bands, lines = paths[0:4:2], paths[1:4:2]
    assert [len(line) for line in (*bands, *lines)] == [10, 10, 5, 5]
    floor = ends_of(parts(root, "path")[4])[1][1]
    heights = [floor - y for _, y in lines[1]]
    assert heights == pytest.approx([TALL * 0.5 / (n + 1) / 1.1 for n in range(5)], abs=0.11)
    [ring] = parts(root, "circle")
    assert float(ring.attrib["cy"]) == pytest.approx(floor - TALL * 0.2 / 1.1, abs=0.11)
    assert "2 now" in words(root)


def test_a_forest_has_its_values_and_leaves_out_what_is_undefined() -> None:
    rows = [
        ("mine", 0.2, 0.1, 0.4, False),
        ("base", 0.3, math.nan, math.nan, True),
        ("none", math.nan, math.nan, math.nan, True),
    ]
    root = parsed(forest(rows, "KL", better="lower is better"))
    assert (len(parts(root, "circle")), len(parts(root, "rect")), len(parts(root, "path"))) == (1, 1, 2)
    assert {"mine", "0.200", "base", "0.300", "KL, lower is better"} <= set(words(root))
    low, high = (x for x, _ in ends_of(parts(root, "path")[0]))
    place = float(parts(root, "circle")[0].attrib["cx"])
    assert (place - low) / (high - low) == pytest.approx(1 / 3, abs=0.01)


def test_counts_are_said_and_drawn() -> None:
    root = parsed(label_counts({"yes": 30, "no": 10}))
    assert words(root) == ["yes", "30 (75%)", "no", "10 (25%)"]
    assert [float(one.attrib["width"]) for one in parts(root, "rect")] == pytest.approx([200, 66.7], abs=0.1)
    assert words(parsed(labels_per_item({1: 2, 3: 1}))) == ["1 label", "2 items", "3 labels", "1 item"]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_whatever_texts_say_they_are_only_shown(count: int) -> None:
    shares = np.full((5, count), 1 / count)
    names = ATTACKS[:count]
    for picture in (
        stacked_bars(names, ATTACKS, shares, shares, shares, title=ATTACKS[0]),
        items_picture(names, shares, title=ATTACKS[1]),
        learning_curve({name: [(0, 1, 1, 1), (1, 0.5, 0.5, 0.5)] for name in names}, title=ATTACKS[2]),
        forest([(name, 0.5, 0.4, 0.6, False) for name in names], ATTACKS[3]),
        label_counts(dict.fromkeys(names, 2), title=ATTACKS[4]),
        html_table(names, [ATTACKS], ATTACKS[3], above=items_picture(names, shares)),
    ):
        parsed(picture)
        assert len(picture) < 30_000
    parsed(estimate(5, names, ATTACKS)._repr_html_())


def shown() -> dict[str, Callable[[], Any]]:
    """Results of each kind, and how they are made."""
    draw = np.random.default_rng(0)
    reference = {"a": 3, "b": 2, "c": 1}
    items = [
        Item(str(at), {"text": "words"}, tuple(map(Annotation, said)), reference=reference)
        for at, said in enumerate(draw.choice(["a", "b", "c"], (40, 3)).tolist())
    ]
    rows = tuple({"id": str(at), "distribution": {"a": 0.5, "b": 0.25, "c": 0.25}} for at in range(20))
    llm = {item.id: {"a": 0.5, "b": 0.3, "c": 0.2} for item in items}
    return {
        "data set": lambda: ld.read(items, labels=["a", "b", "c"]),
        "description": lambda: ld.describe(items, bootstrap=20),
        "estimate": lambda: estimate(40, ("a", "b", "c")),
        "distributions": lambda: Distributions("llm", ("a", "b", "c"), rows),
        "evaluation": lambda: ld.evaluate({"llm": llm}, reference=items, bootstrap=20),
        "plan": lambda: ld.plan(items),
    }


@pytest.mark.parametrize("kind", shown())
def test_each_result_shows_a_picture_above_its_table(kind: str) -> None:
    result = shown()[kind]()
    page = result._repr_html_()
    root = parsed(page)
    assert parts(root, "svg")
    assert page.index("<svg") < page.index("<table")
    assert repr(result).startswith(type(result).__name__ + "(")
    for picture in parts(root, "svg"):
        [title] = [child for child in picture if child.tag.endswith("title")]
        assert title.text == picture.attrib["aria-label"]
        assert all(one.attrib["fill"] == "currentColor" for one in parts(picture, "text"))


def test_an_undefined_metric_is_no_error() -> None:
    none = Interval(math.nan, math.nan, math.nan, 1)
    found = Evaluation("t", 1, (Column("kl", "KL", False),), (Row("x", "prediction", 1, {"kl": none}),), 0, 0)
    assert not parts(parsed(found._repr_html_()), "svg")


@pytest.mark.parametrize("labels", [2, 3, 8])
def test_a_million_items_are_shown_at_once(labels: int) -> None:
    known = estimate(1_000_000, tuple("abcdefgh"[:labels]))
    known._repr_html_()
    start = time.perf_counter()
    page = known._repr_html_()
    assert time.perf_counter() - start < 0.25  # 10 ms here; other tests may run beside this one
    assert len(page) < 60_000
    assert "1,000,000 items" in page


def test_a_data_set_shows_its_first_items_and_says_so() -> None:
    items = [Item(f"<{at}>", {"text": "<b>" + "x" * 500}, (Annotation("a"), Annotation("b"))) for at in range(300)]
    page = ld.read(items, labels=["a", "b"])._repr_html_()
    parsed(page)
    assert "the first 200 items are shown in the picture, 10 of them in the table" in page
    assert page.count("<tr>") == 11
    assert len(page) < 10_000


def test_a_bad_file_is_said_not_raised(tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_text('{"id": "1", "labels": ["a", "b"]}\n{"id": "2", "labels": ["c"]}\n{"id": broken')
    dataset = ld.read(file, labels=["a", "b"])
    page = dataset._repr_html_()
    parsed(page)
    assert "line 2" in page
    assert "cannot be read further" in page
    assert "<td>1</td>" in page
    file.unlink()
    assert "items.jsonl" in dataset._repr_html_()


def test_a_large_source_is_not_read_only_to_be_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "items.jsonl"
    file.write_text('{"id": "1", "labels": ["a", "b"]}\n')
    monkeypatch.setattr("labeldist.datasets.first_items.LARGEST", 10)
    page = ld.read(file, labels=["a", "b"])._repr_html_()
    assert "too large" in page
    assert "<svg" not in page
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame({"item": [1, 1, 2], "annotator": [1, 2, 1], "label": ["a", "b", "a"]})
    dataset = ld.read(frame)
    assert "<svg" in dataset._repr_html_()
    monkeypatch.setattr("labeldist.datasets.first_items.MOST_RECORDS", 2)
    assert "too large" in dataset._repr_html_()
