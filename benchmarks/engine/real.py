"""All 144 orders of an item on a real model, SmolLM2-135M-Instruct: the tree beside what else one would use.

Sorted padded batches; lm-evaluation-harness (its `HFLM` in an environment of its own, the three letters as
continuations of each prompt, which it computes once, in batches of 16); llama.cpp's server with its prompt cache,
asked by the backend `server` as it is by default; vLLM with prefix caching, as it comes, all prompts in one request,
which is its fastest way. All have the same weights in 32 bits, the same prompts and as many threads. Each item is new
to the servers.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from tests.servers.real_server import FOLDER, MISSING, SMOL, SMOL_F32, llama_server
from tests.servers.vllm_server import READY, serving

from benchmarks.embedded.markdown import table
from benchmarks.engine.harness import LETTERS
from benchmarks.engine.prompts import OPTIONS, items
from benchmarks.engine.setup import Setup
from benchmarks.engine.vllm import one_request
from benchmarks.point import Point
from labeldist.core.errors import UsageError
from labeldist.judging.orders import all_orders
from labeldist.judging.prompts import judge_prompt
from labeldist.models.base import AnswerScores, LanguageModel, Question, in_order
from labeldist.models.open import ModelOptions, open_model
from labeldist.models.server.model import ServerModel
from labeldist.models.transformers import plain
from labeldist.models.transformers.model import TransformersModel
from labeldist.tasks.load import load_task

HARNESS = FOLDER / "harness" / "bin" / "python"
SCRIPT = Path(__file__).with_name("harness.py")
WAYS = ("tree", "padded batches", "lm-evaluation-harness", "llama.cpp", "vLLM")
LEAST = 5.0
LARGEST_DIFFERENCE = 1e-3
BATCH_TOKENS = 8192  # as the backend has it


def measure(setup: Setup) -> dict[str, Any]:
    """Each run takes an item of its own, all ways side by side. Raises :class:`UsageError` without the real models."""
    if not SMOL_F32.exists():
        raise UsageError(MISSING, hint="run that script")
    if not READY.exists():
        raise UsageError("no vLLM here", hint="set one up: tests/servers/setup_vllm.sh")
    model = open_model(f"transformers:{SMOL}", ModelOptions(device="cpu"))
    assert isinstance(model, TransformersModel)
    questions = [_questions(one) for one in items(setup.runs + 1)]
    threads = setup.machine()["threads"]
    exact = ("--cache-type-k", "f32", "--cache-type-v", "f32", "--flash-attn", "off", "--threads", str(threads))
    runs = []
    with tempfile.TemporaryDirectory() as name:
        folder, weights = Path(name), Path(name) / "weights"
        _write_weights(model, weights)
        with (
            llama_server(SMOL_F32, folder / "llama.txt", *exact) as url,
            serving(weights, folder / "vllm.txt", threads=threads) as served,
            _harness(weights, threads) as harness,
        ):
            server = open_model(f"server:{SMOL_F32.name}@{url}")
            vllm = open_model(f"server:tiny@{served.url}")
            assert isinstance(vllm, ServerModel)
            for warm, asked in enumerate(questions):
                run = _run(model, server, vllm, harness, asked[:24] if warm == 0 else asked)
                if warm:
                    runs.append(run)
                    print(f"  SmolLM2: {run}", file=sys.stderr, flush=True)
    return {"runs": runs, "median": {key: statistics.median(run[key] for run in runs) for key in runs[0]}}


def _run(
    model: TransformersModel, server: LanguageModel, vllm: ServerModel, harness: Any, questions: list[Question]
) -> dict[str, float]:
    sequences = [model.encode(question.prompt) for question in questions]
    begun = time.perf_counter()
    found = in_order(model.answer_scores(questions), len(questions), model.name)
    after_tree = time.perf_counter()
    _padded(model, sequences)
    after_padded = time.perf_counter()
    there = in_order(server.answer_scores(questions), len(questions), server.name)
    after_server = time.perf_counter()
    of_vllm = one_request(vllm, questions, sequences)
    after_vllm = time.perf_counter()
    answer = {"prompts": [model._tokenizer.decode(ids) for ids in sequences]}
    harness.stdin.write(json.dumps(answer) + "\n")
    harness.stdin.flush()
    told = json.loads(harness.stdout.readline())
    tree = after_tree - begun
    taken = (
        tree, after_padded - after_tree, told["seconds"], after_server - after_padded, after_vllm - after_server
    )  # fmt: skip
    likeliest = _shares([one.likeliest for one in found])
    return {
        "prompts": len(questions),
        **{way: round(seconds, 2) for way, seconds in zip(WAYS, taken, strict=True)},
        **{
            f"{way}: times the tree": round(seconds / tree, 2) for way, seconds in zip(WAYS[1:], taken[1:], strict=True)
        },
        "largest difference from llama.cpp": float(np.abs(_of(found) - _of(there)).max()),
        "largest difference from vLLM": float(np.abs(_of(found) - _shares(of_vllm)).max()),
        "largest difference from the harness": float(
            np.abs(likeliest - _shares(_by_option(questions, told["scores"]))).max()
        ),
    }


def _padded(model: TransformersModel, sequences: Sequence[Sequence[int]]) -> None:
    import torch

    with torch.inference_mode():
        for _, logits in plain.last_logits(model._model, sequences, BATCH_TOKENS):
            logits.float().logsumexp(1).numpy()


@contextmanager
def _harness(weights: Path, threads: int) -> Iterator[Any]:
    """lm-evaluation-harness as a process that answers a line of prompts with a line of scores."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(
        [str(HARNESS), str(SCRIPT), str(weights)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env=environment,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def _write_weights(model: TransformersModel, folder: Path) -> None:
    """The unpacked weights as safetensors: a model from a GGUF file refuses to write itself."""
    import torch

    network = model._model
    copy = type(network)(network.config).to(torch.float32)
    copy.load_state_dict(network.state_dict())
    del copy.config.quantization_config
    copy.save_pretrained(folder)
    model._tokenizer.save_pretrained(folder)


def _questions(asked: Any) -> list[Question]:
    item, explanations = asked
    task = load_task("nli")
    prompts = (judge_prompt(task, item, explanations, order) for order in all_orders(len(explanations), OPTIONS))
    return [Question(prompt.text, prompt.answers) for prompt in prompts]


def _by_option(questions: Sequence[Question], scores: Sequence[Sequence[float]]) -> list[list[float]]:
    """The harness's scores of the letters in the order of each question's options."""
    return [
        [row[LETTERS.index(spellings[0].strip())] for spellings in question.answers]
        for question, row in zip(questions, scores, strict=True)
    ]


def _of(scores: Sequence[AnswerScores]) -> np.ndarray:
    return _shares([one.logits for one in scores])


def _shares(logits: Sequence[Sequence[float]]) -> np.ndarray:
    """Probabilities among the options."""
    powers = np.exp(np.array(logits) - np.max(logits, axis=1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def points(result: dict[str, Any]) -> list[Point]:
    """What was asked."""
    median = result["median"]
    return [
        Point(
            "144 prompts, SmolLM2: times padded batches", "at least", LEAST, median["padded batches: times the tree"]
        ),
        *(
            Point(
                f"SmolLM2: largest difference of a probability from {name}",
                "at most",
                LARGEST_DIFFERENCE,
                max(run[f"largest difference from {name}"] for run in result["runs"]),
            )
            for name in ("llama.cpp", "vLLM", "the harness")
        ),
    ]


def rendered(result: dict[str, Any]) -> str:
    """A line per way, of medians."""
    median = result["median"]
    rows = [
        [way, f"{median[way]:.1f} s", "1" if way == "tree" else f"{median[f'{way}: times the tree']:.1f}"]
        for way in WAYS
    ]
    titles = [f"{median['prompts']:,.0f} prompts, SmolLM2-135M-Instruct, 32 bits", "takes", "times the tree"]
    return table(titles, rows)
