"""All 144 orders of an item: the tree against a vLLM server on the same machine, with its prefix cache, same weights.

The server is asked in the way that suits it best: all 144 prompts in one request, so that HTTP costs next to nothing.
Beside that, what a user gets: the backend `server`, 16 requests at a time. Each item is new to the server. It is
measured as it comes, with a cache in blocks of 128 tokens, and with blocks of 32: of what an item's prompts share,
the longer ones keep little.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tests.servers.vllm_server import READY, Served, serving

from benchmarks.embedded.markdown import table
from benchmarks.engine.llamas import Llama, opened
from benchmarks.engine.prompts import OPTIONS, Asked, items
from benchmarks.engine.setup import Setup
from benchmarks.point import Point
from labeldist.core.errors import UsageError
from labeldist.judging.orders import all_orders
from labeldist.judging.prompts import judge_prompt
from labeldist.models.base import Question, in_order
from labeldist.models.open import open_model
from labeldist.models.server.model import ServerModel
from labeldist.tasks.load import load_task

SIZE = "32M"
SHAPE = {"hidden_size": 384, "num_hidden_layers": 9, "num_attention_heads": 6, "intermediate_size": 1472}
AS_IT_COMES, SHORT_BLOCKS = "as it comes", "blocks of 32 tokens"
SERVERS: dict[str, tuple[str, ...]] = {AS_IT_COMES: (), SHORT_BLOCKS: ("--block-size", "32")}
LEAST = 3.0
LARGEST_DIFFERENCE = 1e-3


def measure(setup: Setup) -> dict[str, Any]:
    """One size, the server with either cache. Raises :class:`UsageError` without the server's environment."""
    if not READY.exists():
        raise UsageError("no vLLM here", hint="set one up: tests/servers/setup_vllm.sh")
    llama = opened(SIZE, {**SHAPE, "tie_word_embeddings": True})
    result: dict[str, Any] = {"parameters": llama.parameters, "servers": {}}
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "llama"
        llama.network.save_pretrained(weights)
        llama.model._tokenizer.save_pretrained(weights)
        for name, more in SERVERS.items():
            with serving(weights, Path(folder) / "log.txt", *more, threads=setup.threads) as served:
                result["servers"][name] = _compared(setup, llama, served, name)
    return result


def _compared(setup: Setup, llama: Llama, served: Served, name: str) -> dict[str, Any]:
    model = open_model(f"server:tiny@{served.url}")
    assert isinstance(model, ServerModel)
    # Each way to the server gets items of its own: what one has asked is in its cache. The last one warms up.
    asked = [_questions(one) for one in items(2 * setup.runs + 1)]
    one_request(model, asked[-1][:24])
    in_order(model.answer_scores(asked[-1]), len(asked[-1]), model.name)
    in_order(llama.model.answer_scores(asked[-1][:24]), 24, "tree")
    runs = []
    for first, second in zip(asked[: 2 * setup.runs : 2], asked[1 : 2 * setup.runs : 2], strict=True):
        clock = _clock(setup, served)
        begun = clock()
        found = one_request(model, first)
        asked_at_once = clock()
        expected = in_order(llama.model.answer_scores(first), len(first), "tree")
        scored = clock()
        in_order(model.answer_scores(second), len(second), model.name)
        whole, tree, backend = asked_at_once - begun, scored - asked_at_once, clock() - scored
        differences = np.abs(_shares(found) - _shares([one.logits for one in expected]))
        runs.append(
            {
                "prompts": len(first),
                "tree": round(tree, 3),
                "one request": round(whole, 3),
                "backend": round(backend, 3),
                "ratio": round(whole / tree, 2),
                "ratio of the backend": round(backend / tree, 2),
                "largest difference": float(differences.max()),
            }
        )
        print(f"  {SIZE}, {name}: {runs[-1]}", file=sys.stderr, flush=True)
    return {"runs": runs, "median": {key: statistics.median(run[key] for run in runs) for key in runs[0]}}


def _clock(setup: Setup, served: Served) -> Callable[[], float]:
    """Seconds; with one thread, the processor time of this process and of the server's."""
    if setup.threads == 1:
        return lambda: time.process_time() + served.processor_seconds()
    return time.perf_counter


def _shares(logits: Sequence[Sequence[float]]) -> np.ndarray:
    """Probabilities among the options: random weights spread the rest over the whole vocabulary."""
    powers = np.exp(np.array(logits) - np.max(logits, axis=1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def one_request(
    model: ServerModel, questions: Sequence[Question], prompts: Sequence[Sequence[int]] | None = None
) -> list[list[float]]:
    """The log-probabilities of all questions' options, asked in one request, those that begin alike side by side.

    ``prompts``: the questions as token ids, where they are not to be sent as they are.
    """
    options = model.answer_tokens(questions[0])
    order = sorted(range(len(questions)), key=lambda at: questions[at].prompt)
    body = {
        "model": "tiny", "prompt": [prompts[at] if prompts else questions[at].prompt for at in order],
        "max_tokens": 1, "temperature": 1.0,
        "logprobs": 0, "logprob_token_ids": [token for tokens in options for token in tokens],
        "return_tokens_as_token_ids": True,
    }  # fmt: skip
    answer = model.connection.post("/completions", body)
    # Which letter means which label differs by prompt; the tokens of the letters are the same.
    letters = dict(zip(questions[0].answers, options, strict=True))
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
    """What was asked, of the server as it comes."""
    servers = result["servers"]
    most = max(run["largest difference"] for server in servers.values() for run in server["runs"])
    ratio = servers[AS_IT_COMES]["median"]["ratio"]
    return [
        Point(f"144 prompts, {SIZE}: times vLLM with prefix caching", "at least", LEAST, ratio),
        Point(f"{SIZE}: largest difference of a probability from vLLM", "at most", LARGEST_DIFFERENCE, most),
    ]


def rendered(result: dict[str, Any]) -> str:
    """A line per server, of medians."""
    titles = ["vLLM", "prompts", "tree", "one request", "ratio", "16 requests at a time", "ratio"]
    rows = [
        [
            f"{name}, {SIZE} ({result['parameters'] / 1e6:.1f}M)",
            f"{server['median']['prompts']:,.0f}",
            f"{server['median']['tree']:.2f} s",
            f"{server['median']['one request']:.2f} s",
            f"{server['median']['ratio']:.1f}",
            f"{server['median']['backend']:.2f} s",
            f"{server['median']['ratio of the backend']:.1f}",
        ]
        for name, server in result["servers"].items()
    ]
    return table(titles, rows)
