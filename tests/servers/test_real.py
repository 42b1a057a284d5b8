"""Real models behind real llama.cpp servers: what is found out of them, and figures that are those of transformers."""

from __future__ import annotations

import json
import math
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pytest
from tests.servers.real_server import GEMMA, LLAMA_SERVER, MISSING, PYTHON, SMOL, SMOL_F32, llama_server, python_server

from labeldist.core.item import Explanation
from labeldist.datasets.source import open_source
from labeldist.judging.orders import orders
from labeldist.judging.prompts import judge_prompt
from labeldist.models.base import AnswerScores, LanguageModel, Question, in_order
from labeldist.models.open import ModelOptions, open_model
from labeldist.models.server.model import ServerModel

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (LLAMA_SERVER.exists() and GEMMA.exists() and SMOL_F32.exists()), reason=MISSING),
]
REASONS = ("It goes beyond what the text says.", "The text says the same in other words.", "Both cannot be true.")
Command = Callable[..., object]


def questions(items: int = 2, per_item: int = 6) -> list[Question]:
    """Judge prompts of the demonstration items, that share much, as those of a run do."""
    dataset = open_source("demo")
    names = dataset.task.label_names
    shown = [Explanation(text, label, "nobody") for text, label in zip(REASONS, names, strict=True)]
    found = []
    for item in islice(dataset.items(), items):
        for order in orders(f"balanced:{per_item}", len(shown), len(names)):
            prompt = judge_prompt(dataset.task, item, shown, order, style="letters", explicit=False)
            found.append(Question(prompt.text, prompt.answers))
    return found


def asked(model: LanguageModel, some: Sequence[Question]) -> list[AnswerScores]:
    return in_order(model.answer_scores(some), len(some), model.name)


def shares(found: Sequence[AnswerScores]) -> list[list[float]]:
    """The distribution over the options, of each question."""
    masses = [[math.exp(value - one.log_total) for value in one.logits] for one in found]
    return [[share / math.fsum(mass) for share in mass] for mass in masses]


def computed(url: str) -> int:
    """How many tokens of prompts the server has computed so far, those that a slot had cached left out."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as page:
        [line] = [line for line in page.read().decode().splitlines() if line.startswith("llamacpp:prompt_tokens_total")]
    return int(float(line.split()[1]))


def served(url: str, **options: object) -> ServerModel:
    model = open_model(f"server:any@{url}", ModelOptions(**options))  # type: ignore[arg-type]
    assert isinstance(model, ServerModel)
    return model


@pytest.fixture(scope="module")
def smol(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with llama_server(SMOL, tmp_path_factory.mktemp("smol") / "log.txt", "--metrics") as url:
        yield url


@pytest.fixture(scope="module")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with llama_server(GEMMA, tmp_path_factory.mktemp("gemma") / "log.txt") as url:
        yield url


def test_what_is_found_out_of_llama_cpp(smol: str) -> None:
    model = served(smol)
    able, identity = model.abilities, model.abilities.identity
    assert (identity.program, identity.at_once, model.capabilities.at_once) == ("llama.cpp", 4, 1)
    assert (able.scores, able.chat, able.listed, able.most_listed) == ("top", True, 100, 2000)
    assert SMOL.name in " ".join(model.capabilities.notes), "it serves another name than it was asked for"


def test_a_base_model_is_asked_with_bare_prompts(gemma: str) -> None:
    model = served(gemma)
    assert model.revision.split()[0] == "completions"
    assert any("asked as bare prompts" in note for note in model.capabilities.notes)
    for one in asked(model, questions(1, 2)):
        assert math.fsum(map(math.exp, one.logits)) > 0.3


def test_distributions_are_those_of_transformers(tmp_path: Path) -> None:
    """With the weights, the cache and the activations in 32 bits; with fewer each side rounds in its own way."""
    pytest.importorskip("gguf")
    some = questions()
    exact = ("--cache-type-k", "f32", "--cache-type-v", "f32", "--flash-attn", "off")
    with llama_server(SMOL_F32, tmp_path / "log.txt", *exact, slots=1) as url:
        there = asked(served(url), some)
    here = asked(open_model(f"transformers:{SMOL}"), some)
    assert [one.unlisted for one in there] == [0] * len(some)
    assert [one.prompt_tokens for one in there] == [one.prompt_tokens for one in here]
    for one, other in zip(shares(there), shares(here), strict=True):
        assert one == pytest.approx(other, abs=1e-3)


def test_answers_repeat_to_the_last_bit(smol: str) -> None:
    some = questions()
    model = served(smol)
    asked(model, some[:1])
    first = asked(model, some)
    asked(model, some[:1])
    assert [one.logits for one in asked(model, some)] == [one.logits for one in first]


def test_each_slot_computes_what_differs_only(smol: str) -> None:
    """Tokens that the server computed anew, by its own count: with four slots few more than by default with one."""
    some = questions()
    anew: dict[int | None, int] = {}
    for most in (None, 16):
        model = served(smol, concurrency=most)
        before = computed(smol)
        asked(model, some)
        anew[most] = computed(smol) - before
    whole = sum(one.prompt_tokens for one in asked(model, some))
    assert anew[None] < 0.5 * whole
    assert anew[16] < anew[None] + 0.25 * whole


def test_doctor_and_a_run_over_the_server(smol: str, tmp_path: Path, labeldist: Command) -> None:
    spec = f"server:{SMOL.name}@{smol}"
    told = json.loads(labeldist("doctor", "--model", spec, "--json").stdout)["model"]  # type: ignore[attr-defined]
    assert (told["scores"], told["unlisted"], told["generates"]) == ("top", 0, True)
    assert told["revision"].startswith("chat top:2000 ")
    assert not [note for note in told["notes"] if "lists no model" in note]
    out = tmp_path / "out"
    done = labeldist("run", "demo", "--limit", 3, "--model", spec, "--explanations", "none", "--out", out)
    rows = [json.loads(line) for line in (out / "mjd.none.jsonl").read_text().splitlines()]
    assert len(rows) == 3, done.stderr  # type: ignore[attr-defined]
    assert not any(row.get("unlisted") for row in rows)


@pytest.mark.skipif(not PYTHON.exists(), reason=MISSING)
def test_the_python_package_is_asked_one_by_one(tmp_path: Path) -> None:
    """Over weights of 32 bits, as with fewer each side rounds in its own way; its cache has 16."""
    pytest.importorskip("gguf")
    some = questions(1, 4)
    with python_server(SMOL_F32, tmp_path / "log.txt") as url:
        model = served(url)
        assert (model.abilities.identity.program, model.abilities.identity.at_once) == ("llama-cpp-python", 1)
        there = shares(asked(model, some))
    for one, other in zip(there, shares(asked(open_model(f"transformers:{SMOL}"), some)), strict=True):
        assert one == pytest.approx(other, abs=0.01)
