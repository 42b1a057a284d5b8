"""A real server, vLLM on CPU: its probabilities are those of transformers on the same weights."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import Command
from tests.servers.vllm_server import READY, serving

from labeldist.core.errors import UnavailableError
from labeldist.models.base import AnswerScores, LanguageModel, Question, in_order
from labeldist.models.open import ModelOptions, open_model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not READY.exists(), reason="no vLLM here: tests/servers/setup_vllm.sh sets one up"),
]
KEY = "local-key-8c1d5e0f"
ANSWERS = (("A", " A"), ("B", " B"), ("C", " C"))
QUESTIONS = [
    Question(f"Context: it is {number} o'clock.\nStatement: it is late.\nA. Yes\nB. No\nC. Who knows\nAnswer:", ANSWERS)
    for number in range(24)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    from tests.servers.tiny_llama import write_llama

    return write_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def url(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(folder, tmp_path_factory.mktemp("vllm") / "log.txt", "--enforce-eager", key=KEY) as served:
        yield served.url


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELDIST_API_KEY", KEY)


def scores(model: LanguageModel) -> list[AnswerScores]:
    return in_order(model.answer_scores(QUESTIONS), len(QUESTIONS), model.name)


def test_exact_scores_are_those_of_transformers(url: str, folder: Path) -> None:
    served, local = open_model(f"server:tiny@{url}"), open_model(f"transformers:{folder}")
    assert served.capabilities.scores == "exact"
    found, expected = scores(served), scores(local)
    for one, other in zip(found, expected, strict=True):
        assert one.prompt_tokens == other.prompt_tokens
        for value, logit in zip(one.logits, other.logits, strict=True):
            assert math.exp(value) == pytest.approx(math.exp(logit - other.log_total), abs=1e-6)
    # With two tokens per option: a space that begins " A" is no option's own, so they are one each.
    assert found[0].likeliest == found[0].logits


def test_top_scores_agree_where_they_know(url: str, folder: Path) -> None:
    served, local = open_model(f"server:tiny@{url}", ModelOptions(scores="top")), open_model(f"transformers:{folder}")
    for one, other in zip(scores(served), scores(local), strict=True):
        for value, logit in zip(one.logits, other.logits, strict=True):
            assert math.exp(value) >= math.exp(logit - other.log_total) - 1e-6, "below the truth"


def test_texts_are_those_of_transformers(url: str, folder: Path) -> None:
    prompts = [question.prompt for question in QUESTIONS[:4]]
    served, local = (
        in_order(open_model(spec).write(prompts, max_new_tokens=16), 4, spec)
        for spec in (f"server:tiny@{url}", f"transformers:{folder}")
    )
    for one, other in zip(served, local, strict=True):
        # vLLM leaves out a character that the limit cuts in two, of which this tokenizer makes many.
        assert other.text.rstrip("\ufffd").startswith(one.text.rstrip("\ufffd"))
        assert len(one.text) > 3
        assert one.new_tokens == 16


def test_a_run_over_the_server_ends_where_a_local_one_does(
    url: str, folder: Path, tmp_path: Path, labeldist: Command
) -> None:
    rows = [
        {"id": f"i{n}", "premise": f"A premise, {n}.", "hypothesis": f"Something of {n}.", "labels": ["e", "n"]}
        for n in range(20)
    ]
    items = tmp_path / "items.jsonl"
    items.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = {}
    for name, spec in (("served", f"server:tiny@{url}"), ("local", f"transformers:{folder}")):
        done = labeldist("run", items, "--model", spec, "--explanations", "none", "--orders", "all", "--transform",
                         "softmax:1", "--out", tmp_path / name)  # fmt: skip
        assert done.returncode == 0, done.stderr
        lines = (tmp_path / name / "mjd.none.jsonl").read_text().splitlines()
        found[name] = {row["id"]: list(row["distribution"].values()) for row in map(json.loads, lines)}
    assert len(found["served"]) == 20
    for item, distribution in found["local"].items():
        assert found["served"][item] == pytest.approx(distribution, abs=1e-3)


def test_doctor_recognises_what_it_can_do(url: str, labeldist: Callable[..., object]) -> None:
    done = labeldist("doctor", "--model", f"server:tiny@{url}", "--json")
    told = json.loads(done.stdout)["model"]  # type: ignore[attr-defined]
    assert (told["scores"], told["raw_logits"], told["generates"]) == ("exact", False, True)


def test_a_wrong_key_and_a_wrong_model(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnavailableError, match="has no model 'nope'"):
        open_model(f"server:nope@{url}")
    monkeypatch.setenv("LABELDIST_API_KEY", "wrong")
    with pytest.raises(UnavailableError, match="refuses the key"):
        open_model(f"server:tiny@{url}")
