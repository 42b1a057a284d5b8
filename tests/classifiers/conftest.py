"""A tiny classifier, made here: nothing is downloaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from labeldist.core.item import Item

WORDS = ["it", "rains", "snows", "is", "wet", "dry", "cold", "the", "street", "a", "dog", "sleeps", "eats"]


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a BERT of two layers and random weights, and a tokenizer of whole words."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("accelerate")
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    torch.manual_seed(0)
    size = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
            "initializer_range": 0.3, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}  # fmt: skip
    BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=64, **size)).save_pretrained(folder)
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def dropping_encoder(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with dropout, so that training draws random numbers at every step."""
    folder = tmp_path_factory.mktemp("dropping") / "encoder"
    shutil.copytree(encoder, folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def rows(count: int) -> list[dict[str, object]]:
    """Items whose distribution depends on one word of them."""
    made = []
    for at in range(count):
        wet = at % 2 == 0
        premise = f"it {'rains' if wet else 'snows'} {WORDS[at % len(WORDS)]}"
        reference = {"e": 8, "n": 1, "c": 1} if wet else {"e": 1, "n": 2, "c": 7}
        made.append(
            {"id": str(at), "premise": premise, "hypothesis": "the street is wet", "reference": reference,
             "labels": ["e", "e", "n"] if wet else ["c", "c", "n"]}
        )  # fmt: skip
    return made


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A file of 24 such items."""
    file = tmp_path / "items.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows(24)))
    return str(file)


@pytest.fixture
def items(source: str) -> list[Item]:
    """The same as items."""
    from labeldist.datasets.source import open_source

    return list(open_source(source).items())
