"""The shared cases, each a way in which real servers behave: from the command line to the right result."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

Command = Callable[..., "subprocess.CompletedProcess[str]"]
CASES = Path(os.environ.get("LABELDIST_DATA") or Path(__file__).parents[3] / "shared" / "data").parent / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases at {CASES}")
TRUTH = {"entailment": 0.70, "neutral": 0.25, "contradiction": 0.05}
LETTERS = ("--orders", "balanced:6", "--transform", "softmax:1", "--show", "0")
NONE = (*LETTERS, "--explanations", "none")


@contextmanager
def serving(name: str) -> Iterator[str]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, CASES / "server" / "fake.py", CASES / "server" / f"{name}.py", str(port)],
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"server:m@http://127.0.0.1:{port}/v1"
    finally:
        server.kill()
        server.wait()


def found(out: Path, condition: str = "none") -> dict[str, dict[str, float]]:
    rows = map(json.loads, (out / f"mjd.{condition}.jsonl").read_text().splitlines())
    return {row["id"]: row["distribution"] for row in rows}


def explanations(out: Path) -> str:
    return (out / "explanations.jsonl").read_text()


@pytest.mark.parametrize("name", ["sp_tokens", "min16", "temp0_refused", "n_refused", "think_inline", "charset"])
def test_a_right_distribution(name: str, tmp_path: Path, labeldist: Command) -> None:
    writes = name in ("temp0_refused", "think_inline", "charset")
    options = (*LETTERS, "--explanations", "none,label-free") if writes else NONE
    with serving(name) as model:
        done = labeldist("run", CASES / "server" / "items.jsonl", "--model", model, *options, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    drawn = name in ("n_refused", "think_inline")
    for distribution in found(tmp_path / "out").values():
        assert distribution == pytest.approx(TRUTH, abs=0.15 if drawn else 0.001)
    said = {
        "min16": "fewer than 16", "temp0_refused": "refuses temperature 0", "n_refused": "one by one",
        "think_inline": "reasons first",
    }  # fmt: skip
    assert said.get(name, "") in done.stderr
    if name == "think_inline":
        assert "user asks" not in explanations(tmp_path / "out")
    if name == "charset":
        assert "Straße naß – „überall“" in explanations(tmp_path / "out")


def test_the_drawn_token_counts_once(tmp_path: Path, labeldist: Command) -> None:
    items, out = CASES / "server" / "items.jsonl", tmp_path / "out"
    with serving("dup_sampled") as model:
        options = ("--orders", "all", "--transform", "softmax:1", "--explanations", "none", "--show", "0")
        assert labeldist("run", items, "--model", model, *options, "--out", out).returncode == 0
    for line in (out / "mjd.none.jsonl").read_text().splitlines():
        row = json.loads(line)
        assert list(row["distribution"].values()) == pytest.approx([0.556, 0.333, 0.111], abs=0.001)
        assert max(row["spread"].values()) == pytest.approx(0, abs=1e-9)


def test_bytes_say_which_option(tmp_path: Path, labeldist: Command) -> None:
    items = CASES / "files" / "bytes_words" / "items.jsonl"
    with serving("bytes_words") as model:
        done = labeldist(
            "run", items, "--model", model, *NONE, "--task", "nli-zh", "--answers", "words", "--out", tmp_path / "out"
        )
    assert done.returncode == 0, done.stderr
    assert [round(one["entailment"], 2) for one in found(tmp_path / "out").values()] == [0.92, 0.92]


@pytest.mark.parametrize("command", ["run", "judge", "experiment"])
def test_options_that_begin_alike_are_named_before_anything_is_paid_for(
    command: str, tmp_path: Path, labeldist: Command
) -> None:
    folder = CASES / "files" / "shared_first_token"
    options = ("--task", folder / "risk", "--answers", "words", "--orders", "balanced:6", "--max-calls", "5")
    out = tmp_path / ("out.jsonl" if command == "judge" else "out")
    with serving("shared_first_token") as model:
        what = ("labels", "--source") if command == "experiment" else ()
        out = tmp_path / ("out.jsonl" if command == "judge" else "out")
        done = labeldist(
            command, *what, folder / "items.jsonl", "--model", model, *options, "--out", out,
            *(("--explainer", "same") if command == "experiment" else ()),
        )  # fmt: skip
    assert done.returncode == 1
    assert "no first token that means only 'unlikely' and not 'unsure'" in done.stderr


def test_a_fragment_is_asked_for_again_and_kept_nowhere(tmp_path: Path, labeldist: Command) -> None:
    items, out = CASES / "server" / "items.jsonl", tmp_path / "out"
    with serving("choice_error") as model:
        for _ in range(2):
            done = labeldist("run", items, "--model", model, *LETTERS, "--out", out)
            assert done.returncode == 0, done.stderr
    assert '"1. The str"' not in explanations(out)
    for condition in ("none", "label-free", "label-guided"):
        assert [*found(out, condition).values()] == [pytest.approx(TRUTH, abs=0.001)] * 2


@pytest.mark.parametrize("more", [(), ("--on-error", "skip")])
def test_one_items_refusal_is_that_items(more: tuple[str, ...], tmp_path: Path, labeldist: Command) -> None:
    items, out = tmp_path / "items.jsonl", tmp_path / "out"
    idiot = {"id": "3", "premise": "You idiot, it rains.", "hypothesis": "It is wet.", "labels": ["neutral"]}
    items.write_text((CASES / "server" / "items.jsonl").read_text() + json.dumps(idiot) + "\n")
    with serving("moderation_403") as model:
        done = labeldist("run", items, "--model", model, *LETTERS, *more, "--out", out)
    assert done.returncode == 1
    assert {json.loads(line)["id"] for line in (out / "failures.jsonl").read_text().splitlines()} == {"3"}
    assert "flagged for" in done.stderr
    for condition in ("none", "label-free", "label-guided"):
        assert found(out, condition).keys() == {"1", "2"}


def test_an_error_in_a_success_is_shown_and_not_asked_again(tmp_path: Path, labeldist: Command) -> None:
    items, out = CASES / "server" / "items.jsonl", tmp_path / "out"
    with serving("error_200") as model:
        done = labeldist("run", items, "--model", model, *NONE, "--out", out, "--max-calls", "20")
    assert done.returncode == 1
    assert "maximum context length is 512 tokens" in done.stderr
    assert found(out).keys() == {"1"}
