"""Classifiers of other kinds than the common one: what they read, what they lack, what they become."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.classifiers.conftest import WORDS

from labeldist.classifiers.classifier import encoded, load_classifier, texts_of
from labeldist.classifiers.fine_tune import fine_tune
from labeldist.classifiers.predict import predict, predicted
from labeldist.classifiers.settings import TrainingSettings
from labeldist.classifiers.targets import targets_of
from labeldist.core.errors import InputError, LabeldistError, MissingExtraError, UsageError
from labeldist.core.item import Item
from labeldist.tasks.load import load_task

NLI = load_task("nli")
SHORT = TrainingSettings(epochs=1, evaluate_every=0, device="cpu")


@pytest.fixture(scope="session")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a GPT-2 of two layers; its tokenizer has no padding and does not part the texts of a pair."""
    torch = pytest.importorskip("torch")
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2Model, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("decoder")
    words = {word: at for at, word in enumerate(["<eos>", "<unk>", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>", unk_token="<unk>").save_pretrained(folder)
    torch.manual_seed(0)
    size = {"n_positions": 64, "n_embd": 16, "n_layer": 2, "n_head": 2}
    GPT2Model(GPT2Config(vocab_size=len(words), eos_token_id=0, bos_token_id=0, **size)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def roberta(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A RoBERTa of one layer, which counts places from behind its padding token; with the words of the other one."""
    import shutil

    from transformers import RobertaConfig, RobertaModel

    folder = tmp_path_factory.mktemp("roberta")
    for file in encoder.glob("*token*"):
        shutil.copy(file, folder)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = RobertaConfig(vocab_size=len(WORDS) + 5, max_position_embeddings=34, pad_token_id=0, **size)
    RobertaModel(config).save_pretrained(folder)
    return folder


def test_a_decoder_is_trained_too(items: list[Item], decoder: Path, tmp_path: Path) -> None:
    fine_tune(items, targets_of("reference", items, NLI), NLI, str(decoder), tmp_path / "out", SHORT)
    shares = dict(predict(items, NLI, str(tmp_path / "out")))
    assert len(shares) == len(items)
    # What fills up a batch does not change what is predicted.
    longer = replace(items[0], id="long", fields={**items[0].fields, "premise": "it rains " * 9})
    alone, _ = predict([items[0], longer], NLI, str(tmp_path / "out"))
    assert alone[1] == pytest.approx(shares[items[0].id], abs=1e-6)


@pytest.mark.parametrize(("name", "most"), [("encoder", 64), ("decoder", 64), ("roberta", 33)])
def test_no_more_is_read_than_the_model_can(
    name: str, most: int, items: list[Item], request: pytest.FixtureRequest
) -> None:
    classifier = load_classifier(str(request.getfixturevalue(name)), NLI, new_head=True)
    found = encoded(classifier.tokenizer, [("it rains " * 99, "the street is wet")], 128)
    if name == "decoder":
        found = encoded(classifier.tokenizer, [("it rains " * 99,)], 128)
    assert found["input_ids"].shape[1] == most
    assert classifier.model(**found).logits.shape == (1, 3)
    assert encoded(classifier.tokenizer, [("it rains " * 99,)], 8)["input_ids"].shape[1] == 8


def test_how_fields_become_text(encoder: Path, decoder: Path) -> None:
    bert = load_classifier(str(encoder), NLI, new_head=True).tokenizer
    gpt = load_classifier(str(decoder), NLI, new_head=True).tokenizer
    pair = Item("1", {"premise": "it rains", "hypothesis": "it is wet"})
    assert texts_of(pair, NLI, bert) == ("it rains", "it is wet")
    assert texts_of(pair, NLI, gpt) == ("it rains\nit is wet",)
    three = replace(NLI, fields=("premise", "hypothesis", "context"))
    more = replace(pair, fields={**pair.fields, "context": "a dog"})
    assert texts_of(more, three, bert) == ("it rains [SEP] it is wet [SEP] a dog",)
    assert texts_of(more, three, gpt) == ("it rains\nit is wet\na dog",)
    one = replace(NLI, fields=("premise",))
    assert texts_of(pair, one, bert) == texts_of(pair, one, gpt) == ("it rains",)


def test_two_stages(items: list[Item], encoder: Path, tmp_path: Path) -> None:
    """The second stage begins with the head of the first, and an encoder with a new one."""
    fast = replace(SHORT, learning_rate=3e-3, epochs=6)
    fine_tune(items, targets_of("majority", items, NLI), NLI, str(encoder), tmp_path / "one", fast)
    still = replace(SHORT, learning_rate=1e-12)
    targets = targets_of("reference", items, NLI)
    fine_tune(items, targets, NLI, str(tmp_path / "one"), tmp_path / "two", still)
    first, second = (np.array([row for _, row in predict(items, NLI, str(tmp_path / n))]) for n in ("one", "two"))
    np.testing.assert_allclose(first, second, atol=1e-6)
    config = json.loads((tmp_path / "two" / "config.json").read_text())
    assert [config["id2label"][str(at)] for at in range(3)] == list(NLI.label_names)
    record = json.loads((tmp_path / "two" / "training.json").read_text())
    assert set(record["versions"]) == {"labeldist", "torch", "transformers"}
    assert not [file for file in (tmp_path / "two").rglob("*") if file.suffix in (".bin", ".pt", ".pth", ".pkl")]


@pytest.mark.parametrize("measured", [True, False])
def test_a_training_that_diverged_is_no_result(
    measured: bool, items: list[Item], encoder: Path, tmp_path: Path
) -> None:
    wild = replace(SHORT, learning_rate=1e30)
    with pytest.raises(LabeldistError, match="diverged"):
        fine_tune(
            items, targets_of("reference", items, NLI), NLI, str(encoder), tmp_path / "o", wild,
            dev=items if measured else (),
        )  # fmt: skip
    assert not (tmp_path / "o" / "training.json").exists()


def test_bad_arguments_are_said(items: list[Item], encoder: Path, tmp_path: Path) -> None:
    for given, found in (
        ({"evaluate_every": -1}, "evaluate_every -1"),
        ({"patience": 0}, "patience 0"),
        ({"learning_rate": float("nan")}, "learning_rate nan"),
        ({"precision": "float8"}, "float8"),
    ):
        with pytest.raises(UsageError, match=found):
            replace(SHORT, **given)
    with pytest.raises(UsageError, match="torch cannot compute on device 'nowhere'"):
        next(predict(items, NLI, str(_trained(items, encoder, tmp_path)), device="nowhere"))
    for target in ((0.5, 0.5), (0.5, 0.5, 0.5), (1.0, float("nan"), 0.0)):
        with pytest.raises(InputError):
            fine_tune(items, {items[0].id: target}, NLI, str(encoder), tmp_path / "bad", SHORT)


def test_without_the_extra_it_is_said(items: list[Item], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for missing in ("accelerate", "torch", "transformers"):
        with monkeypatch.context() as without:
            without.setitem(sys.modules, missing, None)
            with pytest.raises(MissingExtraError, match=r"'\.\[train\]'"):
                fine_tune(items, targets_of("reference", items, NLI), NLI, "base", tmp_path / "o", SHORT)
            with pytest.raises(MissingExtraError, match=r"'\.\[train\]'"):
                next(predict(items, NLI, "base"))


def _trained(items: list[Item], encoder: Path, tmp_path: Path) -> Path:
    return fine_tune(items, targets_of("reference", items, NLI), NLI, str(encoder), tmp_path / "ok", SHORT).folder


def test_an_encoder_that_lacks_weights_is_refused(encoder: Path, tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    folder = tmp_path / "lacking"
    shutil.copytree(encoder, folder)
    weights = safetensors.load_file(folder / "model.safetensors")
    gone = next(key for key in weights if "encoder.layer.1" in key and key.endswith("weight"))
    safetensors.save_file({key: value for key, value in weights.items() if key != gone}, folder / "model.safetensors")
    with pytest.raises(UsageError, match=r"lack .*which would be random"):
        load_classifier(str(folder), load_task(), new_head=True)


def test_a_length_without_room_for_text_is_refused(encoder: Path, items: list[Item]) -> None:
    classifier = load_classifier(str(encoder), load_task(), new_head=True)
    with pytest.raises(UsageError, match="at most 3 tokens of an item"):
        list(predicted(classifier, items, load_task(), 3, 8, "cpu"))
