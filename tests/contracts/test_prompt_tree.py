"""Every architecture of transformers: prompts as a tree give what one prompt at a time gives, or are not used.

Tiny models with random weights, large enough that each token's logits depend much on what it sees and where.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from labeldist.core.item import Explanation
from labeldist.datasets.source import open_source
from labeldist.judging.judge import JudgeSettings, judge
from labeldist.models import prompt_tree
from labeldist.models.embedded.model import PACKAGED
from labeldist.models.tokens import TokenScores

torch = pytest.importorskip("torch", reason="the extra 'transformers' is not installed")
transformers = pytest.importorskip("transformers", reason="the extra 'transformers' is not installed")

from labeldist.models.transformers import tree, trial  # noqa: E402
from labeldist.models.transformers.model import TransformersModel  # noqa: E402

VOCABULARY = 997
SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
GROUPED = {**SHAPE, "num_key_value_heads": 2}
GEMMA = {**GROUPED, "head_dim": 8, "query_pre_attn_scalar": 8}
GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 1024}
USES_TREES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("Llama", GROUPED),
    "qwen2": ("Qwen2", GROUPED),
    "qwen3": ("Qwen3", {**GROUPED, "head_dim": 8}),
    "mistral": ("Mistral", {**GROUPED, "sliding_window": None}),
    "mistral, wide window": ("Mistral", {**GROUPED, "sliding_window": 512}),
    "mixtral": ("Mixtral", {**GROUPED, "num_local_experts": 4, "sliding_window": None}),
    "gemma": ("Gemma", {**GROUPED, "head_dim": 8}),
    "gemma2": ("Gemma2", GEMMA),
    "gemma3": ("Gemma3Text", GEMMA),
    "gpt2": ("GPT2", GPT),
    "gpt-neox": ("GPTNeoX", SHAPE),
    "phi": ("Phi", SHAPE),
    "phi3": ("Phi3", {**GROUPED, "pad_token_id": 1}),
    "opt": ("OPT", {**SHAPE, "ffn_dim": 64, "word_embed_proj_dim": 32, "do_layer_norm_before": True}),
    "bert, decoder": ("Bert", {**SHAPE, "is_decoder": True}),
    "falcon": ("Falcon", {**SHAPE, "alibi": False}),
}
# Positions as a distance in the sequence of a pass, no attention at all, a mask of their own over places in a pass.
COMPUTES_OTHERWISE: dict[str, tuple[str, dict[str, Any]]] = {
    "bloom": ("Bloom", {"hidden_size": 32, "n_layer": 2, "n_head": 4}),
    "falcon, alibi": ("Falcon", {**SHAPE, "alibi": True}),
    "mpt": ("Mpt", {"d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 1024}),
    "mamba": ("Mamba", {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 8}),
    "gpt-neo": (
        "GPTNeo",
        {
            "hidden_size": 32, "num_layers": 2, "num_heads": 4, "window_size": 256,
            "attention_types": [[["global", "local"], 1]],
        },
    ),
}  # fmt: skip
# Prompts do not fit into the window of every layer, or of every second one.
WINDOWED: dict[str, tuple[str, dict[str, Any]]] = {
    "mistral, short window": ("Mistral", {**GROUPED, "sliding_window": 40}),
    "gemma2, short window": ("Gemma2", {**GEMMA, "sliding_window": 40}),
    "gemma3, short window": ("Gemma3Text", {**GEMMA, "sliding_window": 40}),
    "qwen2, short window": (
        "Qwen2",
        {**GROUPED, "sliding_window": 40, "use_sliding_window": True, "max_window_layers": 1},
    ),
    "phi3, short window": ("Phi3", {**GROUPED, "pad_token_id": 1, "sliding_window": 40}),
}
# Positions are turned otherwise as soon as one in a pass is beyond a length.
REACH: dict[str, tuple[str, dict[str, Any]]] = {
    "phi3, LongRoPE": (
        "Phi3",
        {
            **GROUPED, "pad_token_id": 1, "original_max_position_embeddings": 40,
            "rope_parameters": {
                "rope_type": "longrope", "short_factor": [1.0] * 4, "long_factor": [1.5, 2.0, 3.0, 4.0],
                "rope_theta": 10_000.0, "original_max_position_embeddings": 40,
            },
        },
    ),
}  # fmt: skip


# In `make test`; the others behind `make test-all`, where all are tried.
QUICK = ("llama", "gemma2", "gpt2", "opt", "falcon", "mamba", "bloom", "mistral, short window", "gemma3, short window")


def slow_but(names: Iterable[str], quick: Sequence[str] = QUICK) -> list[Any]:
    """The names, all but the quick ones marked as slow."""
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


class Tokenizer:
    """The embedded model's, its ids folded into a small vocabulary."""

    chat_template, bos_token_id, cls_token_id, eos_token_id, pad_token_id = None, 1, None, 2, 0

    def __init__(self) -> None:
        from tokenizers import Tokenizer as Raw

        self._raw = Raw.from_file(str(PACKAGED / "tokenizer.json"))

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        ids = [number % VOCABULARY for number in self._raw.encode(text, add_special_tokens=False).ids]
        return {"input_ids": [1, *ids] if add_special_tokens else ids}


TOKENIZER = Tokenizer()


class OneByOne(TransformersModel):
    """A forward pass for each prompt, once: what the tree is compared with."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._known: dict[tuple[int, ...], Any] = {}

    def next_token_scores(self, sequences: Sequence[Sequence[int]], tokens: Sequence[Sequence[int]]) -> TokenScores:
        last = [self._last(tuple(sequence)) for sequence in sequences]
        return TokenScores(
            np.array([row[list(wanted)].float().numpy() for row, wanted in zip(last, tokens, strict=True)]),
            np.array([row.float().logsumexp(0) for row in last]),
        )

    def _last(self, sequence: tuple[int, ...]) -> Any:
        if sequence not in self._known:
            with torch.no_grad():
                made = self._model(input_ids=torch.tensor([sequence]), use_cache=False)
            self._known[sequence] = made.logits[0, -1]
        return self._known[sequence]


def why_not(model: TransformersModel, beyond: int = 0) -> str | None:
    return trial.why_no_tree(model._model, model._tried(beyond))


def alone(model: TransformersModel) -> OneByOne:
    return OneByOne(model._model, TOKENIZER, name="alone", revision="tiny")


def network(kind: str, config: dict[str, Any]) -> Any:
    torch.manual_seed(5)
    known = {"vocab_size": VOCABULARY, "bos_token_id": 1, "eos_token_id": 2, "max_position_embeddings": 1024}
    if kind in ("GPT2", "Mpt"):
        del known["max_position_embeddings"]
    made = getattr(transformers, f"{kind}Config")(**{**known, "initializer_range": 0.3, **config})
    return transformers.AutoModelForCausalLM.from_config(made)


def opened(name: str, kind: type[TransformersModel] = TransformersModel, **more: Any) -> Any:
    architecture, config = {**USES_TREES, **COMPUTES_OTHERWISE, **WINDOWED, **REACH}[name]
    return kind(network(architecture, {**config, **more}), TOKENIZER, name=name, revision="tiny", batch_tokens=4096)


@contextmanager
def counted(model: Any) -> Iterator[list[int]]:
    """The number of tokens that go through the network in each of its passes."""
    found: list[int] = []
    embeddings = model._model.get_input_embeddings()
    hook = embeddings.register_forward_pre_hook(lambda _, inputs: found.append(inputs[0].numel()))
    yield found
    hook.remove()


def said(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What labeldist says; transformers says things of its own."""
    return [record for record in caplog.records if record.name.startswith("labeldist")]


@pytest.fixture(scope="module")
def asked() -> list[Any]:
    """6 items with two made-up explanations each: 72 prompts in all orders."""
    texts = ["The one does not say so.", "Both speak of the same thing at the same time.", "It cannot be both."]
    labels = ["neutral", "entailment", "contradiction"]
    items = itertools.islice(open_source("demo").items(), 6)
    return [
        (item, [Explanation(f"{item.fields['hypothesis'][:at]} {texts[at % 3]}", labels[at % 3]) for at in (n, n + 1)])
        for n, item in enumerate(items)
    ]


@pytest.fixture(scope="module")
def prompts(asked: list[Any]) -> list[list[int]]:
    """The token sequences of these prompts, as the judge asks them."""
    kept: list[list[int]] = []

    class Kept(OneByOne):
        def next_token_scores(self, sequences: Any, tokens: Any) -> TokenScores:
            kept.extend(map(list, sequences))
            return super().next_token_scores(sequences, tokens)

    judge(asked, open_source("demo").task, opened("llama", Kept), JudgeSettings("all"))
    assert len(kept) == 72
    return kept


def difference(model: TransformersModel, prompts: list[list[int]], reference: OneByOne | None = None) -> float:
    """The largest between the model's scores and those of one prompt at a time, over 49 tokens and the total."""
    reference = reference or alone(model)
    tokens = [list(range(at % 7, VOCABULARY, 20))[:49] for at in range(len(prompts))]
    expected, found = (one.next_token_scores(prompts, tokens) for one in (reference, model))
    assert np.isfinite(expected.logits).all()
    assert expected.logits.std() > 0.3, "the logits are too much alike for a difference to show"
    return float(max(np.abs(found.logits - expected.logits).max(), np.abs(found.log_total - expected.log_total).max()))


@pytest.mark.parametrize("name", USES_TREES)
def test_a_tree_gives_what_one_prompt_at_a_time_gives(
    name: str, asked: list[Any], prompts: list[list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    model, task = opened(name), open_source("demo").task
    assert why_not(model) is None
    reference = alone(model)
    assert difference(model, prompts, reference) <= 1e-4
    with counted(model) as tokens:
        found = judge(asked, task, model, JudgeSettings("all"))
    nodes = len(prompt_tree.grow(prompts).ids)
    assert nodes <= sum(tokens) < nodes + len(tokens) < sum(map(len, prompts)) / 2, "the tree was not used"
    expected = judge(asked, task, reference, JudgeSettings("all"))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.distribution.probabilities, other.distribution.probabilities, atol=1e-6)
    assert not said(caplog)


@pytest.mark.parametrize("name", COMPUTES_OTHERWISE)
def test_a_model_that_computes_otherwise_goes_on_without_trees_and_says_so_once(
    name: str, prompts: list[list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    model = opened(name)
    assert difference(model, prompts[:36]) <= 1e-4
    with counted(model) as tokens:
        assert difference(model, prompts[36:48]) <= 1e-4
    assert sum(tokens) >= 2 * sum(map(len, prompts[36:48]))
    [record] = said(caplog)
    assert record.levelno == logging.WARNING
    assert name in record.getMessage()
    assert "as a tree" in record.getMessage()


@pytest.mark.parametrize("name", WINDOWED)
def test_prompts_beyond_a_sliding_window_go_as_a_tree_too(
    name: str, prompts: list[list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    model = opened(name)
    assert min(map(len, prompts)) > 40
    short = [sequence[:30] + sequence[-8:] for sequence in prompts[:36]]
    assert difference(model, [*prompts[:36], *short]) <= 1e-4
    with counted(model) as tokens:
        model.next_token_scores(prompts[:36], [[5]] * 36)
    nodes = len(prompt_tree.grow(prompts[:36]).ids)
    assert nodes <= sum(tokens) < nodes + len(tokens) < sum(map(len, prompts[:36])) / 2, "the tree was not used"
    assert not said(caplog)


def test_a_window_that_is_left_out_would_show(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in WINDOWED:
        model = opened(name)
        assert why_not(model, beyond=40) is None
        with monkeypatch.context() as patched:
            patched.setattr(tree, "window", lambda config: tree.UNBOUNDED)
            assert "different" in str(why_not(model, beyond=40))


@pytest.mark.parametrize("name", REACH)
def test_prompts_beyond_what_a_tree_can_do_go_without_and_it_is_said_once(
    name: str, prompts: list[list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    model = opened(name)
    short = [sequence[:30] + sequence[-8:] for sequence in prompts[:36]]
    assert difference(model, short) <= 1e-4
    assert not said(caplog)
    with counted(model) as tokens:
        assert difference(model, prompts[:36]) <= 1e-4
    assert sum(tokens) >= 2 * sum(map(len, prompts[:36]))
    assert difference(model, [*short, *prompts[:2]]) <= 1e-4
    with counted(model) as tokens:
        model.next_token_scores([*short, *prompts[:2]], [[5]] * 38)
    nodes = len(prompt_tree.grow(short).ids)
    assert nodes + sum(map(len, prompts[:2])) <= sum(tokens) < sum(map(len, short))
    [record] = said(caplog)
    assert "more than 40 tokens as a tree" in record.getMessage()


def test_long_prompts_do_not_change_short_ones_in_their_batch(prompts: list[list[int]]) -> None:
    model = opened("phi3, LongRoPE")
    model._found_out["no prompts as a tree"] = "for this test"
    mixed = [sequence[:length] for sequence, length in zip(prompts[:12], itertools.cycle([30, 39, 42, 60]))]
    assert difference(model, mixed) <= 1e-4


@pytest.mark.parametrize("most", [1, 7, 64, 100_000])
@pytest.mark.parametrize("rows", [1, 3])
def test_any_size_of_pass_gives_the_same(most: int, rows: int, prompts: list[list[int]]) -> None:
    model, some = opened("llama"), prompts[:12]
    with torch.inference_mode():
        found = {
            int(member): row
            for members, logits in tree.last_logits(model._model, some, most, rows)
            for member, row in zip(members, logits, strict=True)
        }
        assert sorted(found) == list(range(len(some)))
        for member, row in found.items():
            alone = model._model(input_ids=torch.tensor([some[member]])).logits[0, -1]
            assert float((row - alone).abs().max()) <= 1e-4


@pytest.mark.parametrize("style", ["eager", "sdpa"])
def test_either_implementation_of_attention(style: str, prompts: list[list[int]]) -> None:
    model = opened("llama", attn_implementation=style)
    assert model._model.config._attn_implementation == style
    assert difference(model, prompts[:24]) <= 1e-4
    assert model._found_out == {"no prompts as a tree": None}


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", slow_but([*USES_TREES, *WINDOWED], ("llama", "gemma2", "mistral, short window")))
def test_in_16_bits_a_tree_is_as_exact_as_prompts_one_at_a_time(
    name: str, dtype: str, prompts: list[list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    """Both against 32 bits: what is left is rounding."""
    model, wanted = opened(name), [list(range(5, 105))] * 24
    exact = alone(model).next_token_scores(prompts[:24], wanted).logits
    model._model.to(getattr(torch, dtype))
    found = model.next_token_scores(prompts[:24], wanted).logits
    assert not said(caplog)
    with counted(model) as tokens:
        model.next_token_scores(prompts[:24], wanted)
    assert sum(tokens) < sum(map(len, prompts[:24])) / 2, "the tree was not used"
    plain = alone(model).next_token_scores(prompts[:24], wanted).logits
    ours, theirs = (float(np.sqrt(np.mean(np.square(one - exact)))) for one in (found, plain))
    assert 0 < ours <= 2 * theirs


def see_all_before(one: prompt_tree.Pass) -> prompt_tree.Pass:
    """As a causal mask without a tree has it."""
    mask = np.ones_like(one.mask)
    count = one.ids.shape[1]
    mask[:, :, -count:] = np.tril(np.ones((count, count), dtype=bool))
    return replace(one, mask=mask)


def places_as_positions(one: prompt_tree.Pass) -> prompt_tree.Pass:
    past = one.mask.shape[2] - one.ids.shape[1]
    return replace(one, positions=np.broadcast_to(np.arange(one.ids.shape[1]) + past, one.ids.shape).copy())


def forget_the_path(one: prompt_tree.Pass) -> prompt_tree.Pass:
    return replace(one, keep=np.broadcast_to(one.keep[:, :1], one.keep.shape).copy())


@pytest.mark.parametrize("broken", [see_all_before, places_as_positions, forget_the_path])
@pytest.mark.parametrize("name", ["llama", "gpt2", "bert, decoder"])
def test_a_mistake_would_show(name: str, broken: Any, prompts: list[list[int]], monkeypatch: Any) -> None:
    """In the trial that each model goes through, and in the comparison above."""
    model, planned = opened(name), tree.passes
    assert why_not(model) is None
    monkeypatch.setattr(tree, "passes", lambda *given: map(broken, planned(*given)))
    assert "different" in str(why_not(model))
    model._found_out["no prompts as a tree"] = None
    assert difference(model, prompts) > 1e-2


@pytest.mark.parametrize("broken", [see_all_before, places_as_positions, forget_the_path])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_mistake_would_show_in_16_bits(dtype: str, broken: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model, planned = opened("llama"), tree.passes
    model._model.to(getattr(torch, dtype))
    assert why_not(model) is None
    monkeypatch.setattr(tree, "passes", lambda *given: map(broken, planned(*given)))
    assert "different" in str(why_not(model))
