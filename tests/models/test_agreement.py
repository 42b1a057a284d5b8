"""The embedded runtime and transformers agree: one set of float32 weights, the same logits, the same greedy text."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.core.item import Explanation, Item
from labeldist.datasets.source import open_source
from labeldist.explanations.prompts import explain_prompt
from labeldist.judging.orders import balanced_orders
from labeldist.judging.prompts import judge_prompt
from labeldist.models.answers import answer_tokens
from labeldist.models.embedded.decode import Runs
from labeldist.models.open import ModelOptions, open_model
from labeldist.models.tokens import TokenModel
from labeldist.tasks.load import load_task

pytest.importorskip("torch", reason="the extra 'transformers' is not installed")
pytest.importorskip("onnx", reason="the development tools are not installed")

NLI = load_task("nli")
ITEMS = 20
REASONS = ("It does not say so.", "A dog is an animal.", "Nobody can be in two places.", "That may be, or may not be.")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The packaged weights as float32, once for each backend."""
    from training.hugging_face import write_model_folder, write_transformers_folder

    folder = tmp_path_factory.mktemp("weights")
    write_transformers_folder(folder / "transformers")
    write_model_folder(folder / "embedded", folder / "transformers")
    # The guard against repeated runs is the embedded model's own; it is compared apart, below.
    file = folder / "embedded" / "model.json"
    settings = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**settings, "distinct_run": 0}), encoding="utf-8")
    return folder / "embedded", folder / "transformers"


@pytest.fixture(scope="module")
def models(folders: tuple[Path, Path]) -> tuple[TokenModel, TokenModel]:
    embedded, transformers = folders
    return (
        open_model(f"embedded:{embedded}"),
        open_model(f"transformers:{transformers}", ModelOptions(device="cpu", style="words")),
    )


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return list(open_source("demo", limit=ITEMS).items())


def test_the_same_answer_logits(models: tuple[TokenModel, TokenModel], items: list[Item]) -> None:
    embedded, transformers = models
    for number, item in enumerate(items):
        shown = [Explanation(text, label) for text, label in zip(REASONS, NLI.label_names * 2, strict=False)]
        shown = shown[: number % 5]
        orders = balanced_orders(len(shown), 3, 2, seed=number)
        prompts = [judge_prompt(NLI, item, shown, order, style="words") for order in orders]
        sequences = [embedded.encode(prompt.text) for prompt in prompts]
        assert sequences == [transformers.encode(prompt.text) for prompt in prompts]
        wanted = answer_tokens(embedded, prompts[0].text, prompts[0].answers)
        assert wanted == answer_tokens(transformers, prompts[0].text, prompts[0].answers)
        tokens = [[token for option in wanted for token in option]] * len(prompts)
        ours, theirs = (model.next_token_scores(sequences, tokens) for model in models)
        np.testing.assert_allclose(ours.logits, theirs.logits, atol=1e-3)
        np.testing.assert_allclose(ours.log_total, theirs.log_total, atol=1e-3)


def test_the_same_greedy_explanations(models: tuple[TokenModel, TokenModel], items: list[Item]) -> None:
    embedded, transformers = models
    labels = NLI.label_names
    prompts = [explain_prompt(NLI, item, labels[number % len(labels)]) for number, item in enumerate(items)]
    sequences = [embedded.encode(prompt) for prompt in prompts]
    ours = embedded.generate(sequences, max_new_tokens=64)
    assert len(ours) == ITEMS
    assert all(ours)
    assert ours == transformers.generate(sequences, max_new_tokens=64)


def test_an_answer_does_not_depend_on_what_it_is_computed_with(items: list[Item]) -> None:
    embedded = open_model("embedded")
    sequences = [embedded.encode(explain_prompt(NLI, item, "neutral")) for item in items]
    together = embedded.next_token_scores(sequences, [[1000, 2000]] * ITEMS)
    alone = [embedded.next_token_scores([one], [[1000, 2000]]).logits[0] for one in sequences]
    np.testing.assert_allclose(together.logits, alone, atol=1e-4)
    texts = embedded.generate(sequences[:8], max_new_tokens=32)
    assert texts == [embedded.generate([one], max_new_tokens=32)[0] for one in sequences[:8]]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(1, 5))
def test_the_same_tokens_would_repeat_a_run(made: list[int], length: int) -> None:
    import torch
    from transformers import NoRepeatNGramLogitsProcessor

    runs = Runs(length)
    for token in made:
        runs.add(token)
    scores = NoRepeatNGramLogitsProcessor(length)(torch.tensor([made]), torch.zeros(1, 4))
    assert set(runs.forbidden()) == set(torch.isneginf(scores[0]).nonzero()[:, 0].tolist())


def test_no_run_of_tokens_comes_twice_in_one_answer(items: list[Item]) -> None:
    from labeldist.models.embedded.model import load

    guarded, free = load(), load()
    free.distinct_run = 0
    sequences = [guarded.encode(explain_prompt(NLI, item, label)) for item in items for label in NLI.label_names]
    for temperature in (0.0, 1.0):
        texts = guarded.generate(sequences, max_new_tokens=80, temperature=temperature)
        others = free.generate(sequences, max_new_tokens=80, temperature=temperature)
        assert not any(repeats(guarded.encode(text), guarded.distinct_run) for text in texts)
        # Otherwise this test would show nothing.
        assert temperature > 0 or any(repeats(free.encode(text), guarded.distinct_run) for text in others)


def repeats(tokens: list[int], length: int) -> bool:
    runs = [tuple(tokens[at : at + length]) for at in range(len(tokens) - length + 1)]
    return len(set(runs)) < len(runs)
