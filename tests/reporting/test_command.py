"""``labeldist report`` as a user calls it, on good files and on hostile ones."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Command
from tests.reporting.conftest import LABELS, Rows, write

import labeldist.reporting.write
from labeldist.api.report import report
from labeldist.reporting.fit import fitted, room

ATTACKS = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</script><!--", "{{ 7 * 7 }} {% raw %}",
    "right\u202eleft", "bell\x07",  # NUL is refused where rows are read
    "line\u2028separator", "' onfocus='alert(1)", "$x_{1}$ `code` | cell", "w" * 100_000,
)  # fmt: skip


class Page(HTMLParser):
    """The tags of a page with their attributes, and its embedded data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def embedded(text: str) -> dict[str, Any]:
    """The view that a page shows."""
    found = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert found is not None
    view: dict[str, Any] = json.loads(found[1])
    return view


def test_a_page_and_its_numbers(labeldist: Command, made: Path, tmp_path: Path) -> None:
    done = labeldist("report", made / "posterior.jsonl", f"llm={made / 'llm.jsonl'}", "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["files"] == ["report.html"]
    assert embedded((tmp_path / "report.html").read_text()) == printed["report"]


def test_what_is_said(labeldist: Command, made: Path) -> None:
    done = labeldist("report", made / "run", "--items", "5")
    assert done.returncode == 0, done.stderr
    for part in ("30 items of items.jsonl", "report.html ("):
        assert part in done.stdout
    assert "note: Shown one by one: 5 of 30 items, drawn at random (seed 0)." in done.stderr
    assert "warning: Results describe annotators like yours" in done.stderr


WRONG = {
    "the source as the page": (("items.html", "--out", "items.html"), "overwrite what it is made from"),
    "no page": (("posterior.jsonl", "--out", "report.pdf"), "end its name in .html"),
    "a reading of what is read": (("posterior.jsonl", "--limit", "3"), "--source SOURCE"),
    "no items": (("posterior.jsonl", "--items", "0"), "0 items to show"),
    "no ids": (("posterior.jsonl", "--items", ","), "no items to show"),
    "a seed beyond all": (("posterior.jsonl", "--seed", "9" * 30), "from 0 to 2^53"),
    "a result without a name": (("=posterior.jsonl",), "name it: NAME=FILE"),
    "what is about a result": (("posterior.about.json",), "expected the result itself"),
    "a ranking without a number": (("posterior.jsonl", "--items", "disputed"), "disputed:10"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_usage(kind: str, labeldist: Command, made: Path, tmp_path: Path) -> None:
    for name in ("posterior.jsonl", "posterior.about.json"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    arguments, told = WRONG[kind]
    if kind == "the source as the page":
        (tmp_path / "items.html").write_bytes((made / "items.jsonl").read_bytes())
        arguments = ("posterior.jsonl", "--source", "items.html", "--format", "items", *arguments[1:])
    done = labeldist("report", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "report.html").exists()


def hostile(folder: Path) -> Path:
    """A file whose every label, id, annotator, text and column would act if it could, under such a name."""
    rows = [
        {
            "id": f"{attack[:300]}{at}",
            "text": f"{attack} and some words more",
            ATTACKS[at % 3][:60]: f"{ATTACKS[-at % 10]} more words of this column",
            "labels": [{"annotator": f"{ATTACKS[(at + n) % 9]}", "label": ATTACKS[(at * n) % 6]} for n in range(1, 4)],
        }
        for at, attack in enumerate(ATTACKS * 3)
    ]
    return write(folder / "<img src=x onerror=alert(1)> {{7*7}}.jsonl", rows)


def test_nothing_of_the_data_acts(labeldist: Command, tmp_path: Path) -> None:
    done = labeldist("report", hostile(tmp_path), "--bootstrap", 10)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "report.html").read_text()
    page = Page(text)
    assert not [tag for tag, _ in page.tags if tag in ("img", "iframe", "object", "embed", "base", "link")]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on") or name == "style"]
    assert len([tag for tag, _ in page.tags if tag == "script"]) == 3
    assert not re.search("[\x07\u202e\u2028]", text)
    assert not re.search("[\x07\u202e\u2028]", done.stdout + done.stderr)
    assert "49" not in re.findall(r"<title>(.*?)</title>", text)[0]
    view = embedded(text)
    assert ATTACKS[0] in view["labels"]
    assert "bell\\\\x07" in json.dumps(view)
    assert len(text) < 3_000_000


def test_very_many_items_go_to_several_pages(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labeldist.reporting.write, "PAGE", 25)
    shown = report(made / "posterior.jsonl", out=tmp_path / "all.html", items="all", bootstrap=0)
    assert [file.name for file in shown.files] == ["all.html", "all-2.html", "all-3.html"]
    pages = [embedded(file.read_text()) for file in shown.files]
    assert [item["id"] for page in pages for item in page["items"]] == [f"q{at}" for at in range(60)]
    assert {page["facts"]["items"] for page in pages} == {60}
    assert 'href="./all-2.html"' in shown.files[0].read_text()


def test_a_report_shows_itself_in_a_notebook(made: Path) -> None:
    shown = report(made / "posterior.jsonl", bootstrap=0)
    html = shown._repr_html_()
    assert "<td>expected KL</td><td>" in html
    assert f"<td>{shown.view['facts']['expected_kl']:.3f}</td>" in html
    assert "<script" not in html
    assert repr(shown) == "Report(items.jsonl: 60 items)"


def long_item(at: int) -> Any:
    explanation = {"label": 0, "text": "Since it rains. " * 30, "source": "llm", "shown_to": ["MJD"]}
    return {
        "id": str(at), "texts": {"premise": "It rains. " * 400}, "label_counts": [1, 2, 0], "annotations": [],
        "explanations": [dict(explanation) for _ in range(6)], "prompts": {"MJD": "Does it? " * 300}, "cut": [],
    }  # fmt: skip


def test_long_items_are_cut_and_say_so() -> None:
    items = [*fitted(map(long_item, range(50)), room(1000))]
    assert max(len(json.dumps(item)) for item in items) < room(1000) + 200
    assert items[0]["cut"] == ["prompts", "texts", "explanations"]
    assert "more characters)" in items[0]["texts"]["premise"]
    whole = [*fitted(map(long_item, range(2)), room(2))]
    assert whole[0]["cut"] == []
    assert whole[0]["prompts"]


def test_a_thousand_items_with_everything_are_less_than_3_mb(tmp_path: Path) -> None:
    rows: Rows = [
        {
            "id": str(at),
            "fields": {"premise": "It rains in many a town. " * 30, "hypothesis": "It is wet. " * 9},
            "labels": [{"annotator": f"a{n}", "label": LABELS[(at + n) % 3]} for n in range(5)],
            "explanations": [{"text": f"Reason {n} of {at}. " * 9, "label": LABELS[n % 3]} for n in range(8)],
        }
        for at in range(1000)
    ]
    shown = report(write(tmp_path / "items.jsonl", rows), out=tmp_path / "report.html", bootstrap=0, task="nli")
    assert shown.files[0].stat().st_size < 3_000_000
    assert len(embedded(shown.files[0].read_text())["items"]) == 1000
