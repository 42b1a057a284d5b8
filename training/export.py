"""Writes a model folder (`model.onnx`, `weights.safetensors`, `tokenizer.json`, `model.json`) that the library loads.

python -m training.export                      # the final weights, into the package
python -m training.export --storage float32 --out FOLDER
python -m training.export --graph              # the package's graph anew, its weights untouched
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training import convert, graph, read_graph, tokenizer
from training.network import Network
from training.settings import CACHE, CONTEXT_LENGTH, DISTINCT_RUN, FINAL, MODEL_NAME, MODEL_VERSION, PACKAGE

DEFAULT_STORAGE = "int8-float16"
CHECKED = ("model.onnx", "tokenizer.json", graph.WEIGHTS)


def final_weights() -> dict[str, NDArray[Any]]:
    """The weights that `training.average` wrote, under transformers' names."""
    network = Network()
    network.load_state_dict(torch.load(FINAL, weights_only=True)["network"])
    return {name: tensor.numpy() for name, tensor in convert.to_transformers(network).items()}


def write_folder(folder: Path, weights: dict[str, NDArray[Any]], storage: str, about: dict[str, Any]) -> None:
    """Write the four files. `about` has the transform and what is known of the training."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.write(folder)
    graph.write(folder, weights, storage)
    special = {"begin": tokenizer.BOS_ID, "end": tokenizer.EOS_ID, "pad": tokenizer.PAD_ID}
    content = {
        "name": MODEL_NAME,
        "version": MODEL_VERSION,
        "licence": "Apache-2.0",
        "answer_style": "words",
        "transform": about.get("transform", "softmax:1"),
        "context_length": CONTEXT_LENGTH,
        "distinct_run": DISTINCT_RUN,
        "special_ids": {**special, "newline": tokenizer.NEWLINE_ID},
        "storage": storage,
        "sha256": checksums(folder),
        "training": about.get("training", {}),
    }
    _write_settings(folder, content)


def write_graph(folder: Path) -> None:
    """Write the folder's graph anew around its weights, of which not a bit changes."""
    settings = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    model = graph.build(read_graph.read(folder / "model.onnx"), settings["storage"])
    graph.write_around(folder, model)
    _write_settings(folder, {**settings, "sha256": checksums(folder)})


def checksums(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file that `model.json` names."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in CHECKED}


def _write_settings(folder: Path, content: dict[str, Any]) -> None:
    (folder / "model.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def about_training() -> dict[str, Any]:
    """The dev check of the final weights, and the temperature chosen on the dev part (`training.calibrate`)."""
    about: dict[str, Any] = {}
    average = CACHE / "average.json"
    if average.is_file():
        content = json.loads(average.read_text())
        about["training"] = {
            "share of the last phase": content["share"],
            "dev check": content["dev"][str(content["share"])],
        }
    temperature = CACHE / "temperature.json"
    if temperature.is_file():
        about["transform"] = f"softmax:{json.loads(temperature.read_text())['temperature']:g}"
    return about


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--storage", choices=graph.STORAGES, default=DEFAULT_STORAGE)
    parser.add_argument("--out", type=Path, default=PACKAGE)
    parser.add_argument("--graph", action="store_true", help="write the graph only, around the weights of --out")
    options = parser.parse_args(arguments)
    if options.graph:
        write_graph(options.out)
    else:
        write_folder(options.out, final_weights(), options.storage, about_training())
    size = sum((options.out / name).stat().st_size for name in (*CHECKED, "model.json"))
    print(f"{options.out}: {np.round(size / 1e6, 1)} MB")


if __name__ == "__main__":
    main()
