"""All 144 orders of an item: the tree against a vLLM server on the same machine, with its prefix cache, same weights.

The server is asked in the way that suits it best: all 144 prompts in one request, so that HTTP costs next to nothing,
and a cache in blocks of 32 tokens (its own 128 are longer than what these prompts share after the first branching).
Beside that, what a user gets: the backend `server`, 16 requests at a time. Each item is new to the server.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.embedded.markdown import table
from benchmarks.engine.llamas import Llama, opened
from benchmarks.engine.prompts import OPTIONS, Asked, items
from benchmarks.engine.setup import Setup
from benchmarks.point import Point
from labeldist.core.errors import UsageError
from labeldist.judge.orders import all_orders
from labeldist.judge.prompts import judge_prompt
from labeldist.models.base import Question, in_order
from labeldist.models.open import open_model
from labeldist.models.server.model import ServerModel
from labeldist.tasks.load import load_task
from tests.servers.vllm_server import READY, serving

SIZE = "32M"
SHAPE = {"hidden_size": 384, "num_hidden_layers": 9, "num_attention_heads": 6, "intermediate_size": 1472}
BLOCK = 32
LEAST = 3.0
LARGEST_DIFFERENCE = 1e-3


def measure(setup: Setup) -> dict[str, Any]:
    """One size. Raises :class:`UsageError` without the server's environment."""
    if not READY.exists():
        raise UsageError("no vLLM here", hint="set one up: tests/servers/setup_vllm.sh")
    llama = opened(SIZE, {**SHAPE, "tie_word_embeddings": True})
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "llama"
        llama.network.save_pretrained(weights)
        llama.model._tokenizer.save_pretrained(weights)
        with serving(weights, Path(folder) / "log.txt", "--block-size", str(BLOCK), threads=setup.threads) as url:
            served = open_model(f"server:tiny@{url}")
            assert isinstance(served, ServerModel)
            return _compared(setup, llama, served)


def _compared(setup: Setup, llama: Llama, served: ServerModel) -> dict[str, Any]:
    # Each way gets items of its own: what one has asked is in the server's cache.
    asked = [_questions(one) for one in items(2 * setup.runs + 1)]
    _one_request(served, asked[-1][:24])
    in_order(served.answer_scores(asked[-1]), len(asked[-1]), served.name)
    in_order(llama.model.answer_scores(asked[-1][:24]), 24, "tree")
    runs = []
    for run in range(setup.runs):
        seen, other = asked[2 * run], asked[2 * run + 1]
        began = time.perf_counter()
        found = _one_request(served, seen)
        one_request = time.perf_counter() - began
        began = time.perf_counter()
        expected = in_order(llama.model.answer_scores(seen), len(seen), "tree")
        tree = time.perf_counter() - began
        began = time.perf_counter()
        in_order(served.answer_scores(other), len(other), served.name)
        backend = time.perf_counter() - began
        shares = np.exp([[logit - one.log_total for logit in one.logits] for one in expected])
        runs.append(
            {
                "prompts": len(seen),
                "tree": round(tree, 3),
                "one request": round(one_request, 3),
                "backend": round(backend, 3),
                "ratio": round(one_request / tree, 2),
                "ratio of the backend": round(backend / tree, 2),
                "largest difference": float(np.abs(np.exp(found) - shares).max()),
            }
        )
        print(f"  {SIZE}: {runs[-1]}", file=sys.stderr, flush=True)
    medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    return {"parameters": llama.parameters, "runs": runs, "median": medians}


def _one_request(served: ServerModel, questions: Sequence[Question]) -> list[list[float]]:
    """The log-probabilities of all questions' options, asked in one request, those that begin alike side by side."""
    options = served.answer_tokens(questions[0])
    wanted = [token for tokens in options for token in tokens]
    order = sorted(range(len(questions)), key=lambda at: questions[at].prompt)
    body = {
        "model": "tiny", "prompt": [questions[at].prompt for at in order], "max_tokens": 1, "temperature": 1.0,
        "logprobs": 0, "logprob_token_ids": wanted, "return_tokens_as_token_ids": True,
    }  # fmt: skip
    answer = served.connection.post("/completions", body)
    # Which letters mean which labels differs by prompt; the tokens of the letters are the same three.
    letters = {spellings: tokens for spellings, tokens in zip(questions[0].answers, options, strict=True)}
    found: list[list[float]] = [[] for _ in questions]
    for choice in answer["choices"]:
        at = order[choice["index"]]
        listed = choice["logprobs"]["top_logprobs"][0]
        found[at] = [
            float(np.logaddexp.reduce([listed[f"token_id:{token}"] for token in letters[spellings]]))
            for spellings in questions[at].answers
        ]
    return found


def _questions(asked: Asked) -> list[Question]:
    item, explanations = asked
    task = load_task("nli")
    prompts = (judge_prompt(task, item, explanations, order) for order in all_orders(len(explanations), OPTIONS))
    return [Question(prompt.text, prompt.answers) for prompt in prompts]


def points(result: dict[str, Any]) -> list[Point]:
    """What was asked."""
    median = result["median"]
    most = max(run["largest difference"] for run in result["runs"])
    return [
        Point(f"144 prompts, {SIZE}: times vLLM with prefix caching", "at least", LEAST, median["ratio"]),
        Point(f"{SIZE}: largest difference of a probability from vLLM", "at most", LARGEST_DIFFERENCE, most),
    ]


def rendered(result: dict[str, Any]) -> str:
    """One line, of medians."""
    median = result["median"]
    row = [
        f"{SIZE} ({result['parameters'] / 1e6:.1f}M)",
        f"{median['prompts']:,.0f}",
        f"{median['tree']:.2f} s",
        f"{median['one request']:.2f} s",
        f"{median['ratio']:.1f}",
        f"{median['backend']:.2f} s",
        f"{median['ratio of the backend']:.1f}",
    ]
    titles = ["", "prompts", "tree", "vLLM, one request", "ratio", "vLLM, 16 requests at a time", "ratio"]
    return table(titles, [row])
