"""The transformers backend on tiny models made here: rendering, begin token, logits against plain forward passes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labeldist.core.errors import ModelError, UsageError
from labeldist.models.open import ModelOptions, open_model

torch = pytest.importorskip("torch", reason="the extra 'transformers' is not installed")
transformers = pytest.importorskip("transformers", reason="the extra 'transformers' is not installed")

CHAT = (
    "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}[end]{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
TEXTS = ["It rains and it pours.", "A", "The cat sat on the mat, and then it slept for an hour or two.", "Why?"]


def tokenizer(folder: Path, chat: str | None) -> Any:
    """A byte-level tokenizer that puts a begin token in front of every text by itself."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<s>": 0, "</s>": 1, **{letter: index for index, letter in enumerate(alphabet, 2)}}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    raw.add_special_tokens(["<s>", "</s>"])
    made = transformers.PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="<s>", eos_token="</s>")
    if chat:
        made.chat_template = chat
    made.save_pretrained(folder)
    return made


@pytest.fixture(scope="module", params=["llama", "gpt2", "gemma2"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with random weights in three architectures; gemma2 caps its logits after the last layer."""
    folder = tmp_path_factory.mktemp(request.param)
    torch.manual_seed(3)
    size = {"vocab_size": 258, "bos_token_id": 0, "eos_token_id": 1}
    if request.param == "gpt2":
        config = transformers.GPT2Config(n_embd=32, n_layer=2, n_head=4, n_positions=128, **size)
    else:
        kind = transformers.LlamaConfig if request.param == "llama" else transformers.Gemma2Config
        config = kind(
            hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            head_dim=8, max_position_embeddings=128, pad_token_id=1, **size,
        )  # fmt: skip
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer(folder, None if request.param == "gpt2" else CHAT)
    return folder


def test_logits_are_those_of_single_forward_passes(folder: Path) -> None:
    model = open_model(f"transformers:{folder}", ModelOptions(batch_tokens=160))
    plain = transformers.AutoModelForCausalLM.from_pretrained(folder)
    sequences = [model.encode(text) for text in TEXTS]
    tokens = [[number, number + 5, 200] for number in range(len(TEXTS))]
    found = model.next_token_scores(sequences, tokens)
    for row, (sequence, wanted) in enumerate(zip(sequences, tokens, strict=True)):
        with torch.no_grad():
            last = plain(torch.tensor([sequence])).logits[0, -1].float()
        np.testing.assert_allclose(found.logits[row], last[wanted].numpy(), atol=1e-5)
        assert found.log_total[row] == pytest.approx(float(last.logsumexp(0)), abs=1e-5)


def test_exactly_one_begin_token(folder: Path) -> None:
    model = open_model(f"transformers:{folder}")
    for text in TEXTS:
        assert model.encode(text).count(0) == 1
        assert model.encode(text, "A")[: len(model.encode(text))] == model.encode(text)


def test_the_chat_template_is_used_where_there_is_one(folder: Path) -> None:
    model = open_model(f"transformers:{folder}")
    made = transformers.AutoTokenizer.from_pretrained(folder)
    expected = "[user]Why?[end][assistant]B" if made.chat_template else "Why?B"
    assert made.decode(model.encode("Why?", "B"), skip_special_tokens=True) == expected


def test_greedy_text_does_not_depend_on_the_batch_and_sampling_on_the_seed_alone(folder: Path) -> None:
    model = open_model(f"transformers:{folder}")
    sequences = [model.encode(text) for text in TEXTS]
    together = model.generate(sequences, max_new_tokens=8)
    assert together == [model.generate([one], max_new_tokens=8)[0] for one in sequences]
    state = torch.random.get_rng_state()
    drawn = [model.generate(sequences, max_new_tokens=8, temperature=1.0, seed=seed) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert torch.equal(state, torch.random.get_rng_state()), "the caller's random state is left alone"


def test_bfloat16_is_close_and_is_another_revision(folder: Path) -> None:
    exact, rounded = (
        open_model(f"transformers:{folder}", ModelOptions(dtype=dtype)) for dtype in ("float32", "bfloat16")
    )
    assert exact.revision != rounded.revision
    sequences = [exact.encode(text) for text in TEXTS]
    tokens = [[65, 66]] * len(TEXTS)
    difference = exact.next_token_scores(sequences, tokens).logits - rounded.next_token_scores(sequences, tokens).logits
    assert 0 < np.abs(difference).max() < 0.05


def test_other_weights_are_another_revision(folder: Path, tmp_path: Path) -> None:
    import shutil

    before = open_model(f"transformers:{folder}").revision
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert open_model(f"transformers:{copy}").revision == before
    model = transformers.AutoModelForCausalLM.from_pretrained(copy)
    with torch.no_grad():
        next(model.parameters())[0, 0] += 1
    model.save_pretrained(copy)
    assert open_model(f"transformers:{copy}").revision != before


def test_a_prompt_beyond_the_context_is_refused_with_numbers(folder: Path) -> None:
    model = open_model(f"transformers:{folder}")
    long = model.encode("x" * 200)
    with pytest.raises(ModelError, match=f"{len(long)} tokens.*128"):
        model.next_token_scores([long], [[1]])


@pytest.mark.parametrize("spec", ["transformers", "transformers:/no/such/folder"])
def test_what_cannot_be_loaded_is_refused(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UsageError):
        open_model(spec)


def test_weights_that_need_pickle_are_refused(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        if file.suffix == ".json":
            (tmp_path / file.name).write_text(json.dumps(json.loads(file.read_text())))
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(UsageError, match="safetensors"):
        open_model(f"transformers:{tmp_path}")
