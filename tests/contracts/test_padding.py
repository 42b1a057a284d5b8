"""Every architecture of transformers: texts of prompts written side by side are those of one prompt at a time."""

from __future__ import annotations

import logging
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra 'transformers' is not installed")

from tests.contracts.test_prompt_tree import COMPUTES_OTHERWISE, REACH, USES_TREES, WINDOWED, counted, opened, slow_but  # noqa: E402

LENGTHS = (5, 60, 20, 33, 21, 60)
NEW = 12
PADS = [*USES_TREES, *COMPUTES_OTHERWISE, *WINDOWED]


def asked(model: Any) -> list[list[int]]:
    ids = model.encode("It rains and it pours, and nobody who was asked could tell for how long it had done so. " * 4)
    return [ids[at : at + length] for at, length in enumerate(LENGTHS)]


def one_at_a_time(model: Any, sequences: list[list[int]]) -> list[str]:
    """By plain passes without a cache."""
    texts = []
    for sequence in sequences:
        ids = list(sequence)
        for _ in range(NEW):
            with torch.no_grad():
                ids.append(int(model._model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()))
        texts.append(str(ids[len(sequence) :]))
    return texts


def shown_as_numbers(rows: Any, skip_special_tokens: bool) -> list[str]:
    """Each new token, the last too."""
    return [str(row.tolist()) for row in rows]


@pytest.fixture
def as_numbers(monkeypatch: pytest.MonkeyPatch) -> Any:
    def changed(name: str) -> Any:
        model = opened(name)
        monkeypatch.setattr(type(model._tokenizer), "batch_decode", staticmethod(shown_as_numbers), raising=False)
        model._special = {**model._special, "eos_token_id": None}  # so that all go on to the end
        return model

    return changed


@pytest.mark.parametrize("name", slow_but(PADS))
def test_texts_side_by_side_are_those_of_one_prompt_at_a_time(name: str, as_numbers: Any) -> None:
    model = as_numbers(name)
    sequences = asked(model)
    expected = one_at_a_time(model, sequences)
    assert model.generate(sequences, max_new_tokens=NEW) == expected
    with counted(model) as tokens:
        assert model.generate(sequences, max_new_tokens=NEW) == expected
    assert len(tokens) == NEW, "not all were written side by side"


@pytest.mark.parametrize("name", REACH)
def test_texts_that_grow_beyond_a_length_change_no_shorter_ones(name: str, as_numbers: Any) -> None:
    model = as_numbers(name)
    sequences = asked(model)
    alone = [model.generate([sequence], max_new_tokens=NEW)[0] for sequence in sequences]
    assert model.generate(sequences, max_new_tokens=NEW) == alone
    assert alone[0] == one_at_a_time(model, sequences)[0]


def test_a_model_that_padding_changes_writes_those_of_one_length_together_and_says_so_once(
    as_numbers: Any, caplog: pytest.LogCaptureFixture
) -> None:
    model = as_numbers("llama")
    forward = model._model.forward

    def without_mask(*given: Any, attention_mask: Any = None, position_ids: Any = None, **more: Any) -> Any:
        return forward(*given, **more)

    model._model.forward = without_mask
    sequences = asked(model)
    for _ in range(2):
        assert model.generate(sequences, max_new_tokens=NEW) == one_at_a_time(model, sequences)
    [record] = [record for record in caplog.records if record.name.startswith("labeldist")]
    assert record.levelno == logging.WARNING
    assert "padding" in record.getMessage()
