"""A base model that comes with a head: kept where its outputs are the task's labels by name, else made anew."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labeldist.classifiers.classifier import load_classifier
from labeldist.classifiers.fine_tune import TrainingSummary, fine_tune
from labeldist.classifiers.predict import predict
from labeldist.classifiers.settings import TrainingSettings
from labeldist.classifiers.targets import targets_of
from labeldist.core.errors import UsageError
from labeldist.core.item import Item
from labeldist.tasks.load import load_task

NLI = load_task("nli")
# So small a learning rate that the weights stay: what is predicted after the training is what was loaded before it.
STILL = TrainingSettings(learning_rate=1e-12, epochs=1, evaluate_every=0, device="cpu")
LOGITS = [3.0, 0.0, 1.0, 2.0]


def with_head(encoder: Path, folder: Path, names: list[str], kind: str = "SequenceClassification", **config) -> str:
    """The encoder with a head that gives every input the same logits."""
    torch = pytest.importorskip("torch")
    import transformers

    labels = {"id2label": dict(enumerate(names)), "label2id": {name: at for at, name in enumerate(names)}}
    model = getattr(transformers, f"BertFor{kind}").from_pretrained(encoder, **labels, **config)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor(LOGITS[: len(names)]))
    model.save_pretrained(folder)
    for file in encoder.glob("*token*"):
        shutil.copy(file, folder)
    return str(folder)


def trained(base: str, items: list[Item], out: Path) -> tuple[TrainingSummary, np.ndarray]:
    found = fine_tune(items, targets_of("reference", items, NLI), NLI, base, out, STILL)
    return found, np.array([row for _, row in predict(items, NLI, str(out))])


def softmax(logits: list[float]) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum()


@pytest.mark.parametrize(
    ("names", "logits"),  # of entailment, neutral, contradiction
    [
        (["CONTRADICTION", "NEUTRAL", "ENTAILMENT"], [1, 0, 3]),
        (["neutral", "Entailment", "c"], [0, 3, 1]),
    ],
)
def test_a_head_with_the_labels_in_another_order_keeps_their_meaning(
    names: list[str], logits: list[float], items: list[Item], encoder: Path, tmp_path: Path
) -> None:
    base = with_head(encoder, tmp_path / "base", names)
    expected = softmax(logits)
    np.testing.assert_allclose([row for _, row in predict(items[:2], NLI, base)], [expected] * 2, atol=1e-6)
    found, shares = trained(base, items, tmp_path / "out")
    np.testing.assert_allclose(shares, [expected] * len(items), atol=1e-6)
    (note,) = found.notes
    assert f"the head of {base} was kept" in note
    assert ", ".join(names) in note


@pytest.mark.parametrize(
    "names",
    [
        ["LABEL_0", "LABEL_1", "LABEL_2"],
        ["0", "1", "2"],
        ["positive", "neutral", "negative"],
        ["entailment", "entailment", "contradiction"],
        ["entailment", "not_entailment"],
        ["entailment", "neutral", "contradiction", "other"],
    ],
)
def test_any_other_head_is_made_anew(names: list[str], items: list[Item], encoder: Path, tmp_path: Path) -> None:
    base = with_head(encoder, tmp_path / "base", names)
    found, shares = trained(base, items, tmp_path / "out")
    # The old head gives every item the same; a new one does not, nor the old numbers in any order.
    assert np.ptp(shares, axis=0).max() > 1e-4
    assert not np.allclose(np.sort(shares, axis=1), np.sort(softmax(LOGITS[:3])), atol=0.01)
    (note,) = found.notes
    assert f"the head of {base} was not used" in note
    assert ", ".join(names) in note
    assert json.loads((tmp_path / "out" / "training.json").read_text())["notes"] == [note]
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert [config["id2label"][str(at)] for at in range(3)] == list(NLI.label_names)
    # A finished training says the same when it is asked for again.
    again = fine_tune(items, targets_of("reference", items, NLI), NLI, base, tmp_path / "out", STILL)
    assert again.notes == found.notes
    with pytest.raises(UsageError, match="no classifier with the labels entailment, neutral, contradiction"):
        list(predict(items, NLI, base))


def test_the_head_for_tokens_is_no_head_for_texts(items: list[Item], encoder: Path, tmp_path: Path) -> None:
    base = with_head(encoder, tmp_path / "base", list(NLI.label_names), "TokenClassification")
    found, shares = trained(base, items, tmp_path / "out")
    assert np.ptp(shares, axis=0).max() > 1e-4
    assert len(found.notes) == 1


def test_the_encoder_stays_and_the_seed_decides_the_new_head(encoder: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    base = with_head(encoder, tmp_path / "base", ["LABEL_0", "LABEL_1", "LABEL_2"])
    old = load_classifier(str(encoder), NLI, new_head=True).model.bert.encoder.state_dict()
    states = []
    for _ in range(2):
        torch.manual_seed(7)
        model = load_classifier(base, NLI, new_head=True).model
        assert all(torch.equal(value, old[key]) for key, value in model.bert.encoder.state_dict().items())
        states.append(model.classifier.weight.detach().clone())
    assert torch.equal(*states)
    assert states[0].abs().sum() > 0


def test_a_loss_for_several_labels_at_once_is_forgotten(items: list[Item], encoder: Path, tmp_path: Path) -> None:
    config = {"problem_type": "multi_label_classification"}
    names = ["contradiction", "neutral", "entailment"]
    base = with_head(encoder, tmp_path / "base", names, **config)
    plain = with_head(encoder, tmp_path / "plain", names)
    fast = replace(STILL, learning_rate=1e-3, epochs=2)
    targets = targets_of("reference", items, NLI)
    shares = []
    for at, name in enumerate((base, plain)):
        fine_tune(items, targets, NLI, name, tmp_path / f"out{at}", fast)
        shares.append(np.array([row for _, row in predict(items, NLI, str(tmp_path / f"out{at}"))]))
    np.testing.assert_array_equal(*shares)
    np.testing.assert_allclose(shares[0].sum(axis=1), 1)
    assert json.loads((tmp_path / "out0" / "config.json").read_text()).get("problem_type") is None


def test_an_encoder_and_our_own_classifiers_need_no_note(items: list[Item], encoder: Path, tmp_path: Path) -> None:
    first, before = trained(str(encoder), items, tmp_path / "one")
    second, after = trained(str(tmp_path / "one"), items, tmp_path / "two")
    assert first.notes == second.notes == ()
    np.testing.assert_allclose(before, after, atol=1e-6)
