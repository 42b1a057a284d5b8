"""The packaged graph is what the training writes around the packaged weights, and these are the trained ones."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from labeldist.models.embedded.model import FILES, PACKAGED, load

pytest.importorskip("torch", reason="the extra 'transformers' is not installed")
pytest.importorskip("onnx", reason="the development tools are not installed")

# Of the weights of version 0.2 under transformers' names, read from the file that the training wrote.
WEIGHTS_OF_0_2 = "163ee89dcf608742b16a1112117af60b82b739cb30b0fc1541f52109bec70d9c"


def digest(weights: dict[str, np.ndarray]) -> str:
    found = hashlib.sha256()
    for name in sorted(weights):
        found.update(f"{name} {weights[name].shape}".encode())
        found.update(weights[name].tobytes())
    return found.hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(PACKAGED / name, tmp_path)
    return tmp_path


def test_the_packaged_weights_are_those_that_were_trained() -> None:
    from training.read_graph import read

    assert json.loads((PACKAGED / "model.json").read_text(encoding="utf-8"))["version"] == "0.2"
    assert digest(read(PACKAGED / "model.onnx")) == WEIGHTS_OF_0_2


def test_the_graph_is_written_anew_around_the_same_weights(folder: Path) -> None:
    from training.export import write_graph

    before = {name: (folder / name).read_bytes() for name in FILES}
    (folder / "weights.safetensors").chmod(0o444)
    write_graph(folder)
    assert {name: (folder / name).read_bytes() for name in FILES} == before


def test_a_graph_is_not_written_around_other_weights(folder: Path) -> None:
    from training.read_graph import read

    from training import graph

    weights = read(folder / "model.onnx")
    with pytest.raises(ValueError, match="F32"):
        graph.write_around(folder, graph.build(weights, "float32"))
    with pytest.raises(ValueError, match="does not use: layer_5"):
        graph.write_around(folder, graph.build(weights, "int8-float16", layers=5))
    assert (folder / "model.onnx").read_bytes() == (PACKAGED / "model.onnx").read_bytes()


@pytest.mark.parametrize("storage", ["float16", "int8", "int8-rows"])
def test_other_storages_give_nearly_the_same(
    storage: str, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from training.export import write_folder
    from training.read_graph import read

    other = tmp_path_factory.mktemp(storage)
    write_folder(other, read(folder / "model.onnx"), storage, {})
    model, packaged = load(other), load()
    sequences = [
        packaged.encode(text) for text in ("A man sleeps.", "A man sleeps on a bench.", "It rains. The street")
    ]
    tokens = [[2000, 2500]] * len(sequences)
    found, expected = (one.next_token_scores(sequences, tokens) for one in (model, packaged))
    # Rounding moves logits by some hundredths; anything else wrong in a graph by whole units.
    tolerance = 0.02 if storage == "float16" else 0.5
    np.testing.assert_allclose(found.logits, expected.logits, atol=tolerance)
    np.testing.assert_allclose(found.log_total, expected.log_total, atol=tolerance)
