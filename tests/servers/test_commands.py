"""Commands over a served model: what doctor tells, what a run says of tokens, money, budgets and how it knows."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.servers.fault_server import KEY, MODEL, Behaviour, serving

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def items(tmp_path: Path) -> Path:
    file = tmp_path / "items.jsonl"
    rows = [
        {"id": f"i{number}", "premise": f"Premise {number}.", "hypothesis": "It follows.", "labels": ["e", "n", "n"]}
        for number in range(10)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [(Behaviour(exact=True), "exact"), (Behaviour(lists=28), "top"), (Behaviour(lists=0), "sampled:20")],
)
def test_doctor_tells_what_an_endpoint_can_do(behaviour: Behaviour, kind: str, labeldist: Command) -> None:
    with serving(behaviour) as (url, seen):
        done = labeldist("doctor", "--model", f"server:{MODEL}@{url}", "--json")
        asked = sum(seen.tries.values())
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["model"]["scores"] == kind
    assert told["model"]["raw_logits"] is False
    assert told["cost"] is None
    assert asked <= 6


def test_doctor_fails_clearly(labeldist: Command) -> None:
    with serving(Behaviour(key=KEY)) as (url, _):
        cases = {
            "wrong key": (f"server:{MODEL}@{url}", "sk-wrong-98765432", "refuses the key"),
            "wrong model": (f"server:nope@{url}", KEY, "has no model 'nope'"),
            "not a server": (f"server:{MODEL}@{url.replace('/v1', '/x')}", KEY, "404"),
            "nobody": (f"server:{MODEL}@http://127.0.0.1:9", KEY, "no connection"),
        }
        for name, (spec, key, expected) in cases.items():
            done = labeldist("doctor", "--model", spec, LABELDIST_API_KEY=key)
            assert done.returncode == 1, name
            assert expected in done.stderr, name
            assert "hint" in done.stderr
            assert "Traceback" not in done.stderr
            assert key not in done.stdout + done.stderr


@pytest.mark.parametrize("model", ["scripted", "embedded"])
def test_doctor_works_without_a_server(model: str, items: Path, labeldist: Command) -> None:
    done = labeldist("doctor", items, "--model", model)
    assert done.returncode == 0, done.stderr
    assert "exact" in done.stdout
    assert "calls that judge" in done.stdout
    assert "price: unknown" in done.stdout


def test_the_cost_that_doctor_tells_is_what_a_run_takes(items: Path, tmp_path: Path, labeldist: Command) -> None:
    with serving(Behaviour(lists=28)) as (url, seen):
        model = f"server:{MODEL}@{url}"
        options = ("--model", model, "--price-in", "2", "--price-out", "10", "--json")
        told = json.loads(labeldist("doctor", items, *options).stdout)["cost"]
        before = sum(seen.answered.values())
        done = labeldist("run", items, *options, "--out", tmp_path / "out")
        assert done.returncode == 0, done.stderr
        asked = sum(seen.answered.values()) - before
    spent = json.loads(done.stdout)["spending"]
    # Leave-one-out forms that are alike are asked once.
    assert spent["calls"] <= told["calls"] <= 1.5 * spent["calls"]
    assert abs(asked - spent["calls"]) <= 3, "but for the look at what the server can do"
    # This model's reasons are a few words, shorter than most.
    assert 1 <= told["prompt_tokens"] / (spent["prompt_tokens"] * told["calls"] / spent["calls"]) <= 1.6
    assert spent["price"] == pytest.approx((2 * spent["prompt_tokens"] + 10 * spent["new_tokens"]) / 1e6)
    assert told["price"] == pytest.approx((2 * told["prompt_tokens"] + 10 * told["new_tokens"]) / 1e6)


def test_a_run_names_how_it_knows_and_what_it_does_not(items: Path, tmp_path: Path, labeldist: Command) -> None:
    for behaviour, kind, said in (
        (Behaviour(lists=5), "top", "were not among the tokens that the server lists"),
        (Behaviour(lists=0), "sampled:4", "distributions come from sampled answers"),
    ):
        out = tmp_path / kind.replace(":", "")
        with serving(behaviour) as (url, _):
            done = labeldist("run", items, "--model", f"server:{MODEL}@{url}", "--explanations", "none",
                             "--samples", "4", "--out", out)  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert said in done.stderr
        assert "prompt tokens" in done.stdout
        rows = [json.loads(line) for line in (out / "mjd.none.jsonl").read_text().splitlines()]
        assert {row["scored_by"] for row in rows} == {kind}


def test_a_budget_stops_a_run_and_the_same_command_goes_on(items: Path, tmp_path: Path, labeldist: Command) -> None:
    with serving(Behaviour(lists=28)) as (url, seen):
        command = ("run", items, "--model", f"server:{MODEL}@{url}", "--explanations", "none", "--max-calls", "25",
                   "--out", tmp_path / "out")  # fmt: skip
        statuses = []
        while 0 not in statuses and len(statuses) < 6:
            before = sum(seen.tries.values())
            done = labeldist(*command)
            statuses.append(done.returncode)
            assert sum(seen.tries.values()) - before <= 25
            assert (done.returncode == 0) == ("the budget of 25 calls is spent" not in done.stderr)
        asked = {prompt: count for prompt, count in seen.answered.items() if "Premise" in prompt}
    assert statuses == [1, 1, 0]
    assert len(asked) == 60
    assert set(asked.values()) == {1}


def test_other_limits_of_requests_do_not_make_another_run(items: Path, tmp_path: Path, labeldist: Command) -> None:
    with serving(Behaviour(lists=28)) as (url, seen):
        command = ("run", items, "--model", f"server:{MODEL}@{url}", "--explanations", "none", "--out", tmp_path / "o")
        assert labeldist(*command).returncode == 0
        before = sum(count for prompt, count in seen.tries.items() if "Premise" in prompt)
        again = labeldist(*command, "--concurrency", "3", "--timeout", "9", "--max-calls", "100")
        assert again.returncode == 0, again.stderr
        assert sum(count for prompt, count in seen.tries.items() if "Premise" in prompt) == before
        other = labeldist(*command, "--scores", "sampled")
    assert other.returncode == 2
    assert "scores was 'auto', is 'sampled'" in other.stderr
