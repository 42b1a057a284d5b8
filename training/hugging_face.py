"""Between the library's model folders and folders of Hugging Face transformers, weights in float32.

Two directions, for tests that both backends agree and for users who want to go on training the model:
`write_transformers_folder(folder)` and `write_model_folder(folder, source)`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from training import read_graph, tokenizer
from training.export import write_folder
from training.settings import CONTEXT_LENGTH, PACKAGE


def write_transformers_folder(folder: Path, source: Path = PACKAGE) -> None:
    """Write `BertLMHeadModel` and tokenizer from the model folder `source`, by default the packaged weights."""
    weights = {name: torch.from_numpy(array) for name, array in read_graph.read(source / "model.onnx").items()}
    table = weights["bert.embeddings.word_embeddings.weight"]
    layers = sum(name.endswith("attention.self.query.bias") for name in weights)
    special = {"bos_token_id": tokenizer.BOS_ID, "eos_token_id": tokenizer.EOS_ID, "pad_token_id": tokenizer.PAD_ID}
    config: dict[str, Any] = {
        "architectures": ["BertLMHeadModel"],
        "model_type": "bert",
        "is_decoder": True,
        "tie_word_embeddings": True,
        "vocab_size": table.shape[0],
        "hidden_size": table.shape[1],
        "num_hidden_layers": layers,
        "num_attention_heads": 12,
        "intermediate_size": weights["bert.encoder.layer.0.intermediate.dense.bias"].shape[0],
        "max_position_embeddings": CONTEXT_LENGTH,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "type_vocab_size": 2,
        "torch_dtype": "float32",
        **special,
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    (folder / "generation_config.json").write_text(json.dumps(special, indent=1), encoding="utf-8")
    tokenizer.write(folder, for_transformers=True)


def write_model_folder(folder: Path, source: Path, storage: str = "float32") -> None:
    """Write a folder that `embedded:FOLDER` loads from the transformers folder `source`."""
    weights = {name: tensor.float().numpy() for name, tensor in load_file(source / "model.safetensors").items()}
    packaged = json.loads((PACKAGE / "model.json").read_text(encoding="utf-8"))
    write_folder(folder, weights, storage, {"transform": packaged["transform"]})


if __name__ == "__main__":
    write_transformers_folder(Path(sys.argv[1]))
