"""Two real instruction-tuned models from GGUF files: the contracts that tiny ones with random weights are held to."""

from __future__ import annotations

import itertools
import logging
from typing import Any

import numpy as np
import pytest
from tests.contracts.test_prompt_tree import counted
from tests.servers.real_server import GEMMA, MISSING, SMOL

from labeldist.core.item import Explanation
from labeldist.datasets.source import open_source
from labeldist.explanations.prompts import explain_prompt
from labeldist.judging.orders import all_orders
from labeldist.judging.prompts import judge_prompt
from labeldist.models import prompt_tree
from labeldist.models.answers import answer_tokens
from labeldist.models.open import ModelOptions, open_model

torch = pytest.importorskip("torch", reason="the extra 'transformers' is not installed")
pytest.importorskip("gguf", reason="the extra 'gguf' is not installed")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not (SMOL.exists() and GEMMA.exists()), reason=MISSING)]
REASONS = ("It does not say so.", "A dog is an animal.")
NLI = open_source("demo").task


@pytest.fixture(scope="module", params=[SMOL, GEMMA], ids=["SmolLM2", "Gemma 3"])
def model(request: pytest.FixtureRequest) -> Any:
    return open_model(f"transformers:{request.param}", ModelOptions(device="cpu"))


@pytest.fixture(scope="module")
def prompts() -> list[Any]:
    """All orders of two explanations of one item: 12."""
    item = next(iter(open_source("demo").items()))
    shown = [Explanation(text, label) for text, label in zip(REASONS, NLI.label_names, strict=False)]
    return [judge_prompt(NLI, item, shown, order) for order in all_orders(2, 3)]


def one_at_a_time(model: Any, sequences: list[list[int]]) -> Any:
    with torch.inference_mode():
        return np.array(
            [model._model(torch.tensor([ids]), use_cache=False).logits[0, -1].float().numpy() for ids in sequences]
        )


def beyond(sequences: list[list[int]], length: int) -> list[list[int]]:
    """The same, each with its beginning repeated until all are longer."""
    opening = sequences[0][: prompt_tree.common_length(sequences[0], sequences[-1])]
    times = -(-length // len(opening))
    return [[*opening * times, *sequence] for sequence in sequences]


def test_the_tree_gives_what_one_prompt_at_a_time_gives(model: Any, prompts: list[Any], caplog: Any) -> None:
    sequences = [model.encode(prompt.text) for prompt in prompts]
    window = getattr(model._model.config, "sliding_window", None)
    for asked in (sequences, *([beyond(sequences[:4], window)] if window else [])):
        tokens = [list(range(0, 40_000, 400))] * len(asked)
        model.next_token_scores(asked, tokens)  # finds out that it takes trees
        with counted(model) as passes:
            found = model.next_token_scores(asked, tokens)
        expected = one_at_a_time(model, asked)
        assert sum(passes) == len(prompt_tree.grow(asked).ids) < sum(map(len, asked)) / 2
        np.testing.assert_allclose(found.logits, expected[:, tokens[0]], atol=1e-3)
        assert np.abs(found.logits - expected[:, tokens[0]]).max() < 1e-4 * expected.std()
    assert not [record for record in caplog.records if record.name.startswith("labeldist")]


def test_chat_template_and_begin_token_are_those_of_the_file(model: Any) -> None:
    ids = model.encode("Which?", "A")
    if "SmolLM2" in model.name:
        text = model._tokenizer.decode(ids)
        assert text.startswith("<|im_start|>system\n")
        assert text.endswith("<|im_start|>user\nWhich?<|im_end|>\n<|im_start|>assistant\nA")
        assert ids.count(model._tokenizer.convert_tokens_to_ids("<|im_start|>")) == 3, "and no begin token more"
    else:
        assert model._tokenizer.chat_template is None
        assert ids[0] == model._tokenizer.bos_token_id
        assert ids.count(ids[0]) == 1


def test_each_option_has_tokens_of_its_own(model: Any, prompts: list[Any]) -> None:
    found = answer_tokens(model, prompts[0].text, prompts[0].answers)
    assert all(found)
    assert not set.intersection(*map(set, found))
    words = [[model._tokenizer.decode([token]).strip() for token in tokens] for tokens in found]
    assert ["A" in words[0], "B" in words[1], "C" in words[2]] == [True] * 3


def test_texts_side_by_side_are_those_of_one_prompt_at_a_time(model: Any, caplog: Any) -> None:
    items = itertools.islice(open_source("demo").items(), 2)
    asked = [explain_prompt(NLI, item, label) for item in items for label in NLI.label_names]
    sequences = [model.encode(prompt) for prompt in asked]
    assert len({len(sequence) for sequence in sequences}) > 1
    together = model.generate(sequences, max_new_tokens=24)
    assert together == [model.generate([sequence], max_new_tokens=24)[0] for sequence in sequences]
    assert not [record for record in caplog.records if record.name.startswith("labeldist")]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_in_16_bits_the_tree_is_used_and_as_exact_as_plain_prompts(
    model: Any, dtype: str, prompts: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    asked = [model.encode(prompt.text) for prompt in prompts[:6]]
    tokens = [list(range(0, 40_000, 400))] * len(asked)
    rounded: Any = open_model(model.name, ModelOptions(device="cpu", dtype=dtype))
    if not np.isfinite(one_at_a_time(rounded, asked[:1])).all():
        pytest.skip(f"{model.name} gives no numbers in {dtype}, however it is asked: its activations overflow")
    exact = one_at_a_time(model, asked)[:, tokens[0]]
    with caplog.at_level(logging.WARNING, "labeldist"):
        found = rounded.next_token_scores(asked, tokens).logits
    assert not [record for record in caplog.records if record.name.startswith("labeldist")], "the tree was refused"
    with counted(rounded) as passes:
        rounded.next_token_scores(asked, tokens)
    assert sum(passes) == len(prompt_tree.grow(asked).ids)
    plain = one_at_a_time(rounded, asked)[:, tokens[0]]
    ours, theirs = (float(np.sqrt(np.mean(np.square(one - exact)))) for one in (found, plain))
    assert 0 < ours <= 2 * theirs
