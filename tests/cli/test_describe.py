"""``labeldist describe``: text, Markdown and JSON say the same; what stands out is named; bad use is refused."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import labeldist as ld
from labeldist.core.errors import UsageError
from labeldist.core.item import Annotation, Item

Command = Callable[..., subprocess.CompletedProcess[str]]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def items(count: int = 60) -> list[dict[str, Any]]:
    """Three annotators who agree on three of four items, one who finds everything toxic, and an item without labels."""
    rows: list[dict[str, Any]] = []
    for at in range(count):
        labels = ["toxic" if at % 4 == 0 else "ok", "ok", "ok", "toxic"]
        named = [
            {"annotator": name, "label": label}
            for name, label in zip(("ann", "bob", "cid", "odd"), labels, strict=True)
        ]
        gender = ["f", "m", "f", "m"]
        rows.append(
            {"id": f"q{at}", "text": f"This is text {at // 2}.", "labels": named, "gender": gender, "page": at % 3}
        )
    return [*rows, {"id": "none", "text": "Nobody saw this one.", "gender": [], "page": 1}]


def test_text_json_and_markdown(labeldist: Command, tmp_path: Path) -> None:
    write(tmp_path / "items.jsonl", items())
    command = ["describe", "items.jsonl", "--by", "gender", "--show", "disputed:2,q7,gone"]
    done = labeldist(*command, "--out", "d.json")
    assert (done.returncode, done.stdout.count("\x1b")) == (0, 0), done.stderr
    for told in (
        "61 items, 240 labels by 4 annotators",
        "Groups by gender",
        "odd",
        "q0: 2 ok, 2 toxic",
        "text: This is",
    ):
        assert told in done.stdout, told
    assert "1 item without a label: none" in done.stdout
    assert "30 items have the texts of an earlier one under another id: q1 as q0" in done.stdout
    assert "--show names no item: gone" in done.stderr
    found = json.loads((tmp_path / "d.json").read_text())
    assert found["each_annotator"][0]["name"] == "odd"
    assert found["each_annotator"][0]["stands_out"] is True
    assert [one["id"] for one in found["shown"]] == ["q0", "q4", "q7"]
    assert found["label_counts"] == {"ok": 165, "toxic": 75}
    men = next(one for one in found["groups"] if one["name"] == "m")
    assert men["difference"]["toxic"]["value"] == pytest.approx(0.5 - 0.125)
    printed = json.loads(
        labeldist("describe", "items.jsonl", "--by", "gender", "--show", "disputed:2,q7,gone", "--json").stdout
    )
    assert printed == found
    for name in ("d.md", "d.txt"):
        assert labeldist("describe", "items.jsonl", "--out", name, "--show", "q7").returncode == 0
    page, text = (tmp_path / "d.md").read_text(), (tmp_path / "d.txt").read_text()
    assert "| ok | 165 | 0.688 |" in page and "  - text: This is text 3." in page  # noqa: PT018
    assert "Krippendorff's alpha, nominal" in text and "\x1b" not in text  # noqa: PT018


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--by", "gendr"], "did you mean 'gender'? Known: gender, group, page, text"),
        (["--by", "group"], "no annotator whose name states a group"),
        (["--by", "text"], "groups are few"),
        (["--show", "disputed:many"], "say how many: disputed:10"),
        (["--out", "d.csv"], "end its name in .json, .md, .txt"),
        (["--out", "items.jsonl"], "items.jsonl"),
    ],
)
def test_bad_use_is_refused(labeldist: Command, tmp_path: Path, arguments: list[str], told: str) -> None:
    write(tmp_path / "items.jsonl", items(120))
    done = labeldist("describe", "items.jsonl", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_rows_that_are_skipped_are_named(labeldist: Command, tmp_path: Path) -> None:
    write(tmp_path / "items.jsonl", [*items(8), {"labels": ["ok"]}])
    assert labeldist("describe", "items.jsonl").returncode == 2
    done = labeldist("describe", "items.jsonl", "--on-error", "skip", "--out", "d.json")
    assert done.returncode == 1
    assert "all are in failures.d.json.jsonl" in done.stderr
    assert json.loads((tmp_path / "failures.d.json.jsonl").read_text())["line"] == 10


def test_texts_under_fields_are_shown_without_a_task(labeldist: Command, tmp_path: Path) -> None:
    rows = [{"id": str(at), "fields": {"review": f"Nice place {at}."}, "labels": ["good", "bad"]} for at in range(3)]
    write(tmp_path / "items.jsonl", rows)
    assert (
        "review: Nice place 1."
        in labeldist("describe", "items.jsonl", "--show", "1").stdout
        + labeldist("describe", "items.jsonl", "--show", "disputed:2").stdout
    )


def test_run_shows_disputed_items(labeldist: Command, tmp_path: Path) -> None:
    rows = [
        {"id": name, "premise": f"It rains {name}.", "hypothesis": "Wet.", "labels": labels}
        for name, labels in {"x": ["e", "e", "e"], "y": ["e", "n", "c"], "z": ["n", "n", "c"]}.items()
    ]
    write(tmp_path / "items.jsonl", rows)
    run = ["run", "items.jsonl", "--model", "scripted", "--explanations", "none", "--out"]
    done = labeldist(*run, "out", "--show", "disputed:1")
    assert done.returncode == 0, done.stderr
    assert "It rains y." in done.stdout and "It rains x." not in done.stdout  # noqa: PT018
    refused = labeldist(*run, "other", "--show", "agreed:")
    assert (refused.returncode, (tmp_path / "other").exists()) == (2, False)


def test_the_annotators_of_hs_brexit_who_differ_are_named(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two groups' shares of ``hateful`` differ fourfold on the same 168 tweets, and Ann4 finds most."""
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    found = ld.describe("hs-brexit")
    first = found.each_annotator[0]
    assert (first.name, first.label, first.stands_out) == ("control/Ann4", "hateful", True)
    control, target = found.groups
    assert (control.name, control.both, target.name) == ("control", 168, "target")
    assert control.stands_out("hateful")
    shares = [one.agreement.shares["hateful"].value for one in (control, target)]
    raw = json.loads((shared_data / "lewidi2023" / "HS-Brexit_dev.json").read_text())
    votes = [list(map(int, item["annotations"].split(","))) for item in raw.values()]
    assert shares == pytest.approx(
        [sum(map(sum, (v[3:] for v in votes))) / 504, sum(map(sum, (v[:3] for v in votes))) / 504]
    )


def test_the_annotator_of_md_agreement_whose_shares_differ_is_named(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    found = ld.describe("md-agreement", bootstrap=0)
    first = found.each_annotator[0]
    assert (first.name, first.label, first.items) == ("Ann779", "offensive", 314)
    assert 0 < len(found.standing_out()) < 20


def test_frames_and_groups_from_python() -> None:
    given = [
        Item(str(at), {}, tuple(Annotation(label, name) for label, name in (("1", "w/a"), ("2", "w/b"), ("5", "m/c"))),
             extra={"info": {"domain": "x" if at % 2 else "y"}, "sex": ["f", None]})
        for at in range(6)
    ]  # fmt: skip
    found = ld.describe(given, scale="ordinal", labels=["1", "2", "5"])
    assert [*found.agreement.alpha] == ["nominal", "ordinal", "interval"]
    assert [group.name for group in found.groups] == ["w", "m"]
    assert found.to_frame("pyarrow")["count"].to_pylist() == [6, 6, 6]
    assert found.annotators_frame("pandas")["name"].tolist() == ["w/a", "w/b", "m/c"]
    assert found.groups_frame("polars").height == 6
    assert found.items_frame("pyarrow")["labels.5"].to_pylist() == [1] * 6
    assert [group.name for group in ld.describe(given, "info.domain").groups] == ["x", "y"]
    assert "6 items have another number of values in 'sex' than labels" in ld.describe(given, "sex").notes[0]
    with pytest.raises(UsageError, match="-1 bootstrap resamples"):
        ld.describe(given, bootstrap=-1)


def test_an_empty_description_is_no_error(tmp_path: Path) -> None:
    found = ld.describe([Item("1", {}), Item("2", {})], labels=["a", "b"])
    assert (found.items, found.annotators) == (2, 0)
    assert json.dumps(found.to_dict(), allow_nan=False)
    assert repr(found) == "Description(the items: 2 items; labels per item: 2 with 0; a 0, b 0)"
