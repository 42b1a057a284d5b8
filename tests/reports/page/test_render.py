"""The file that a page is, read without a browser."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.reports.page.views import attacked, labels_alone, make_view, with_experiment

from labeldist.core.visible import UNSEEN
from labeldist.reports.page import assets
from labeldist.reports.page.palette import palette
from labeldist.reports.page.render import render_page

BLOCKS = re.compile(r"<(style|script)([^>]*)>(.*?)</\1>", re.DOTALL)


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its text outside of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text: list[str] = []
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside not in ("script", "style"):
            self.text.append(data)


def blocks(page: str) -> dict[str, str]:
    """What is in each style and script, by its type or id."""
    return {
        (re.search(r'id="(\w+)"', attributes) or re.search(r"()", attributes))[1] or name: text
        for name, attributes, text in BLOCKS.findall(page)
    }


def embedded(page: str) -> Any:
    return json.loads(blocks(page)["view"])


def as_json(view: Any) -> Any:
    return json.loads(json.dumps(view))


def test_only_this_style_and_this_script_may_act():
    page = render_page(make_view(items=3))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#39;", "'")
    for kind in ("style", "script"):
        wanted = base64.b64encode(hashlib.sha256(blocks(page)[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{wanted}';" in policy
    assert policy.startswith("default-src 'none';")
    assert policy.endswith("base-uri 'none'; form-action 'none'")
    assert "unsafe" not in policy


def test_the_policy_stands_before_what_it_governs():
    page = render_page(make_view(items=1))
    assert page.startswith("<!doctype html>")
    assert page.index("Content-Security-Policy") < page.index("<style") < page.index("<script")


def test_the_json_is_the_view():
    view = with_experiment(make_view(items=20))
    assert embedded(render_page(view)) == as_json(view)


def test_a_view_is_left_as_it_is():
    view = attacked(make_view(items=3))
    before = copy.deepcopy(view)
    render_page(view)
    assert view == before


def test_texts_add_no_tag_and_no_attribute():
    plain = with_experiment(make_view(items=8))
    hostile = attacked(plain)
    plain["page"] = hostile["page"]
    plain["shown"]["in_words"] = "some"  # hostile texts are never empty
    # A label that has no letter of its own has a number as its sign, not another tag.
    assert Tags(render_page(hostile)).found == Tags(render_page(plain)).found


def test_texts_are_shown_as_they_are():
    hostile = make_view(items=1)
    hostile["title"] = "<b>bold</b> & </title> {{ 7*7 }}"
    text = "".join(Tags(render_page(hostile)).text)
    assert text.count(hostile["title"]) == 2  # in the head and on the page


def test_nothing_invisible_is_left():
    page = render_page(attacked(with_experiment(make_view(items=8))))
    acting = re.compile(f"(?![\\n\\t])[{UNSEEN}]")
    # The script names a soft hyphen and a minus by escapes; the page's own texts have none of these.
    assert not acting.findall(page)
    assert "\\\\u202e" in page


def test_the_data_cannot_end_its_block():
    block = blocks(render_page(attacked(make_view(items=8))))["view"]
    assert not re.search("[<>&\u2028\u2029]", block)
    assert "\\u003c/script\\u003e" in block


def test_no_element_has_a_style_or_a_handler():
    for view in (with_experiment(make_view(items=3)), attacked(make_view(items=3))):
        found = Tags(render_page(view)).attributes
        assert found
        assert not [one for one in found if one[1] == "style" or one[1].startswith("on")]


def test_addresses_of_other_pages_are_relative():
    view = attacked(make_view(items=1))
    links = [value for tag, name, value in Tags(render_page(view)).attributes if (tag, name) == ("a", "href")]
    others = [link for link in links if not link.startswith("#")]
    assert others == ["./re%22port%3Cb%3E.html", "./javascript%3Awindow.hit%3D1", "./a%20b%23%3F%25.html"]


def test_nothing_is_asked_of_anybody():
    page = render_page(make_view(items=2))
    assert not re.search(r"""(?:src|href)=["'](?!#|\./)""", page)
    assert "url(" not in page
    assert "@import" not in page
    script = blocks(page)["script"]
    assert not re.search(
        r"fetch\(|XMLHttpRequest|WebSocket|import\(|sendBeacon|innerHTML|outerHTML|insertAdjacentHTML|eval\(", script
    )


def test_without_items_a_page_is_small():
    view = labels_alone()
    view["items"] = []
    page = render_page(view)
    assert len(page.encode()) < 120_000
    assert 'id="items"' not in page
    full = make_view(items=1)
    full["items"] = []
    assert len(render_page(full).encode()) < 170_000  # with all tables


def test_a_thousand_items_are_quick():
    view = make_view(items=1000)
    started = time.perf_counter()
    page = render_page(view)
    assert time.perf_counter() - started < 3
    assert len(page.encode()) < 3_000_000


def test_sections_without_data_are_left_out_or_explained():
    page = render_page(labels_alone())
    assert "No item has a reference" in page
    assert "No model was asked" in page
    for name in ("calibration", "more-labels", "experiments", "saves"):
        assert f'id="{name}"' not in page


def test_what_is_best_is_marked_as_in_the_terminal():
    view = make_view(items=4)
    rows = view["evaluation"]["rows"]
    kl = [row["metrics"]["kl"]["value"] for row in rows if row["kind"] != "ceiling"]
    best = next(place for place, row in enumerate(rows) if row["metrics"]["kl"]["value"] == min(kl))
    page = render_page(view)
    cells = re.findall(r'<td class="num best">(.*?)</td>', page, re.DOTALL)
    assert len(cells) == len(view["evaluation"]["metrics"])
    assert f'data-path="evaluation.rows.{best}.metrics.kl.value"' in "".join(cells)
    assert all("★" in cell and "best: " in cell for cell in cells)


def test_windows_line_ends_are_line_ends():
    view = make_view(items=1)
    view["items"][0]["texts"] = {"text": "one\r\ntwo\rthree"}
    assert embedded(render_page(view))["items"][0]["texts"] == {"text": "one\ntwo\\rthree"}


@pytest.mark.parametrize("count", [2, 3, 8, 9, 30])
def test_every_label_has_a_colour_and_a_sign_of_its_own(count):
    colours = palette([f"label {place}" for place in range(count)], None)
    assert len({colour.fill for colour in colours}) == count
    assert len({colour.mark for colour in colours}) == count


def test_along_a_scale_colours_diverge():
    low, middle, high = palette(["no", "so so", "yes"], [1, 2, 3])
    assert low.fill.endswith(" 250)")
    assert high.fill.endswith(" 50)")
    assert middle.fill.startswith("oklch(0.930")


def test_scripts_and_styles_are_small_files_and_all_of_them_are_in_the_page():
    folder = Path(assets.__file__).parent / "static"
    assert {file.name for file in folder.iterdir()} == {*assets.STYLES, *assets.SCRIPTS}
    lines = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in folder.iterdir()}
    assert max(lines.values()) <= 400
