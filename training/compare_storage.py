"""Compares ways to store the weights: error of the answer probabilities, dependence on the batch, speed, size.

python -m training.compare_storage        # writes training/storage.json
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import save_model
from onnxruntime.quantization import QuantType, quantize_dynamic

from labeldist.models.embedded.batches import causal_mask, padded
from labeldist.models.embedded.model import EmbeddedModel, load
from labeldist.models.embedded.session import Session
from training import data, examples, graph, tokenizer
from training.export import about_training, checksums, final_weights, write_folder
from training.settings import CACHE, SEED, WORDS

_WORD_PROMPTS = 400
_NETWORK = (".onnx", ".safetensors")


def folders(weights: dict[str, NDArray[Any]], place: Path) -> dict[str, Path]:
    """A model folder per way of storing, all from the same weights."""
    made = {}
    for storage in graph.STORAGES:
        made[storage] = place / storage
        write_folder(made[storage], weights, storage, about_training())
    # ONNX Runtime's own dynamic quantisation, one activation scale per matrix; only as a comparison.
    made["dynamic-int8"] = place / "dynamic-int8"
    write_folder(made["dynamic-int8"], weights, "float32", about_training())
    source = place / "source.onnx"
    save_model(graph.build(weights, "float32", table_storage="int8"), str(source))
    target = made["dynamic-int8"] / "model.onnx"
    (made["dynamic-int8"] / graph.WEIGHTS).write_bytes(b"")  # they are in the graph
    quantize_dynamic(
        str(source), str(target), per_channel=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"]
    )
    return made


def answers(model: EmbeddedModel, prompts: list[list[int]]) -> NDArray[np.float64]:
    """Answer probabilities (n, words) with softmax at temperature 1."""
    ids = [model.encode("", word)[1] for word in WORDS.values()]
    logits = model.next_token_scores(prompts, [ids] * len(prompts)).logits.astype(np.float64)
    share = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(share / share.sum(1, keepdims=True))


def judging_prompts(model: EmbeddedModel, pairs: list[data.Pair], number: int) -> list[list[int]]:
    """Half without comments, half with one to four."""
    rng = random.Random(SEED)
    plain = [examples.plain(pair, rng) for pair in rng.sample(pairs, number // 2)]
    explained = [pair for pair in pairs if pair.machine]
    commented = [examples.explained(pair, rng) for pair in rng.sample(explained, number // 2)]
    return [model.encode(one.opening + one.rest) for one in plain + commented]


def prompt_speed(session: Session, prompts: list[list[int]], repeats: int = 3) -> float:
    """Prompt tokens, padding not counted, per second: the best of some repetitions."""
    batches = [padded(prompts[at : at + 32], tokenizer.PAD_ID) for at in range(0, len(prompts), 32)]
    best = 0.0
    for _ in range(repeats):
        begun = time.perf_counter()
        for ids, lengths in batches:
            places = np.broadcast_to(np.arange(ids.shape[1]), ids.shape)
            session.forward(ids, places, causal_mask(ids.shape[1]), session.empty_cache(), lengths[:, None] - 1)
        total = sum(int(lengths.sum()) for _, lengths in batches)
        best = max(best, total / (time.perf_counter() - begun))
    return best


def measure(folder: Path, pairs: list[data.Pair], exact: NDArray[np.float64] | None) -> dict[str, Any]:
    """All numbers of one way of storing; `exact` are the answers with float32."""
    if folder.name == "dynamic-int8":
        # Its file is not the one that model.json names.
        _rename_checksums(folder)
    begun = time.perf_counter()
    model = load(folder)
    loaded = time.perf_counter() - begun
    prompts = sorted(judging_prompts(model, pairs, _WORD_PROMPTS), key=len)
    together = answers(model, prompts)
    alone = np.concatenate([answers(model, [prompt]) for prompt in prompts[::10]])
    result: dict[str, Any] = {
        "file MB": round(sum(file.stat().st_size for file in folder.glob("*.*") if file.suffix in _NETWORK) / 1e6, 2),
        "load seconds": round(loaded, 3),
        "prompt tokens per second": round(prompt_speed(model.session, prompts)),
        "largest change of an answer probability by batching": float(np.abs(alone - together[::10]).max()),
        "peak memory MB of the process so far": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    if exact is not None:
        error = np.abs(together - exact)
        result["answer probability, mean absolute error"] = float(error.mean())
        result["answer probability, largest absolute error"] = float(error.max())
        result["first choice changed"] = int((together.argmax(1) != exact.argmax(1)).sum())
        result["prompts"] = len(prompts)
    return result


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "storage.json")
    options = parser.parse_args(arguments)
    pairs = data.load().dev
    made = folders(final_weights(), CACHE / "storage")
    reference = load(made["float32"])
    prompts = sorted(judging_prompts(reference, pairs, _WORD_PROMPTS), key=len)
    exact = answers(reference, prompts)
    results = {name: measure(folder, pairs, exact) for name, folder in made.items()}
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))


def _rename_checksums(folder: Path) -> None:
    about = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**about, "sha256": checksums(folder)}))


if __name__ == "__main__":
    main()
