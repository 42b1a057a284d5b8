"""The transformers backend on tiny models made here, against plain forward passes, and on folders that are broken."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labeldist.core.errors import ModelError, UsageError
from labeldist.models.answers import answer_tokens
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
    return write(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    """A folder of its own for a test that changes it."""
    return write("llama", tmp_path / "llama")


def write(architecture: str, folder: Path, **more: int) -> Path:
    torch.manual_seed(3)
    size = {"vocab_size": 258, "bos_token_id": 0, "eos_token_id": 1}
    if architecture == "gpt2":
        config = transformers.GPT2Config(n_embd=32, n_layer=2, n_head=4, n_positions=128, **size)
    else:
        kind = transformers.LlamaConfig if architecture == "llama" else transformers.Gemma2Config
        shape = {
            "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
            "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 128, "pad_token_id": 1,
        }  # fmt: skip
        config = kind(**{**shape, **size, **more})
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer(folder, None if architecture == "gpt2" else CHAT)
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


@pytest.fixture
def opinionated(llama: Path) -> Path:
    """A model that brings settings for generation along."""
    settings = {
        "repetition_penalty": 1.5, "top_k": 1, "top_p": 0.1, "num_beams": 3, "no_repeat_ngram_size": 1,
        "suppress_tokens": list(range(100)), "eos_token_id": 1, "do_sample": True,
    }  # fmt: skip
    (llama / "generation_config.json").write_text(json.dumps(settings))
    return llama


def test_greedy_text_is_the_likeliest_token_again_and_again(opinionated: Path) -> None:
    model = open_model(f"transformers:{opinionated}")
    plain = transformers.AutoModelForCausalLM.from_pretrained(opinionated)
    made = transformers.AutoTokenizer.from_pretrained(opinionated)
    for text in TEXTS:
        ids = model.encode(text)
        new: list[int] = []
        while len(new) < 12 and 1 not in new:
            with torch.no_grad():
                new.append(int(plain(torch.tensor([ids + new])).logits[0, -1].argmax()))
        assert model.generate([ids], max_new_tokens=12) == [made.decode(new, skip_special_tokens=True).strip()]


def test_sampling_draws_from_the_whole_vocabulary(opinionated: Path) -> None:
    model = open_model(f"transformers:{opinionated}")
    ids = model.encode("A")
    # Nearly uniform at this temperature; transformers would keep the 50 likeliest unless told otherwise.
    drawn = {model.generate([ids], max_new_tokens=1, temperature=100.0, seed=seed)[0] for seed in range(300)}
    assert len(drawn) > 60


@pytest.mark.parametrize("seed", [7, 10**30])  # the second is more than torch takes
def test_a_sampled_text_depends_on_its_sequence_and_the_seed_alone(seed: int, llama: Path) -> None:
    model = open_model(f"transformers:{llama}")
    sequences = [model.encode(text) for text in TEXTS]
    together = model.generate(sequences, max_new_tokens=8, temperature=1.0, seed=seed)
    alone = [model.generate([one], max_new_tokens=8, temperature=1.0, seed=seed)[0] for one in sequences]
    assert together == alone


def test_other_weights_are_another_revision(tmp_path: Path) -> None:
    folder = write("llama", tmp_path / "model", hidden_size=192, intermediate_size=640, num_hidden_layers=3)
    assert (folder / "model.safetensors").stat().st_size > 4 << 20
    before = open_model(f"transformers:{folder}").revision
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert open_model(f"transformers:{copy}").revision == before
    model = transformers.AutoModelForCausalLM.from_pretrained(copy)
    with torch.no_grad():
        model.model.layers[1].mlp.up_proj.weight[0, 0] += 1
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


CODE = """
from pathlib import Path
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
Path({marker!r}).touch()
class Config(LlamaConfig):
    model_type = "strange"
class Model(LlamaForCausalLM):
    config_class = Config
class Tokenizer(PreTrainedTokenizerFast):
    pass
"""


@pytest.mark.parametrize("part", ["model", "tokenizer"])
def test_code_of_a_model_is_never_run(part: str, llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "marker"
    (llama / "strange.py").write_text(CODE.format(marker=str(marker)))
    file = llama / ("config.json" if part == "model" else "tokenizer_config.json")
    content = json.loads(file.read_text())
    if part == "model":
        content["model_type"] = "strange"
        content["auto_map"] = {"AutoConfig": "strange.Config", "AutoModelForCausalLM": "strange.Model"}
    else:
        content["tokenizer_class"] = "Tokenizer"
        content["auto_map"] = {"AutoTokenizer": [None, "strange.Tokenizer"]}
    file.write_text(json.dumps(content))
    monkeypatch.setattr(transformers.dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n" * 10))
    with pytest.raises(UsageError, match="never run"):
        open_model(f"transformers:{llama}")
    assert not marker.exists()


@pytest.mark.parametrize("device", ["foo", "meta", "", "cuda:99"])
def test_a_device_that_cannot_compute_is_refused(device: str, llama: Path) -> None:
    with pytest.raises(UsageError, match="device") as error:
        open_model(f"transformers:{llama}", ModelOptions(device=device))
    assert "--device cpu" in error.value.hint


def cut_short(weights: dict[str, Any], file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1000])


def cut_in_the_header(weights: dict[str, Any], file: Path) -> None:
    file.write_bytes(file.read_bytes()[:50])


def another_shape(weights: dict[str, Any], file: Path) -> None:
    save({**weights, "model.norm.weight": torch.ones(7)}, file)


def one_missing(weights: dict[str, Any], file: Path) -> None:
    save({name: weight for name, weight in weights.items() if name != "model.layers.1.mlp.up_proj.weight"}, file)


def no_tokenizer(weights: dict[str, Any], file: Path) -> None:
    (file.parent / "tokenizer.json").write_text("{}")


def save(weights: dict[str, Any], file: Path) -> None:
    from safetensors.torch import save_file

    save_file(weights, file, metadata={"format": "pt"})


@pytest.mark.parametrize("damage", [cut_short, cut_in_the_header, another_shape, one_missing, no_tokenizer])
def test_a_damaged_folder_is_refused(damage: Callable[[dict[str, Any], Path], None], llama: Path) -> None:
    from safetensors.torch import load

    file = llama / "model.safetensors"
    damage(load(file.read_bytes()), file)
    with pytest.raises(UsageError, match="llama") as error:
        open_model(f"transformers:{llama}")
    assert "safetensors" in error.value.hint


@pytest.mark.parametrize(
    "failure", [torch.OutOfMemoryError("CUDA out of memory."), RuntimeError("DefaultCPUAllocator: can't allocate")]
)
def test_what_fails_while_computing_is_a_model_error(
    failure: Exception, llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    model: Any = open_model(f"transformers:{llama}")
    monkeypatch.setattr(model._model, "forward", fail)
    for call in (
        lambda: model.next_token_scores([[0, 5]], [[1]]),
        lambda: model.generate([[0, 5]], max_new_tokens=2),
    ):
        with pytest.raises(ModelError, match=r"memory|Allocator") as error:
            call()
        assert "--batch-tokens" in error.value.hint


@pytest.mark.parametrize("scheme", ["first", "always"])
@pytest.mark.parametrize(
    ("chat", "prompt"),
    [
        (None, "Answer:"),
        ("{{ bos_token }}[INST] {{ messages[0]['content'] }} [/INST]", "Answer"),
        ("{{ bos_token }}USER: {{ messages[0]['content'] }} ASSISTANT: ", "Answer"),
    ],
)
def test_answer_tokens_of_sentence_pieces(scheme: str, chat: str | None, prompt: str, llama: Path) -> None:
    """As in Llama 2: words with the space before them, two spaces merge first, one piece for a whole text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    merges = [("▁", "▁"), ("▁", "A"), ("▁", "B"), ("▁", "["), ("e", "r")]
    letters = sorted(set("▁ABCENSTRIUnswerxyz:[]/'\"."))
    pieces = ["<s>", "</s>", "<unk>", *letters, *("".join(pair) for pair in merges)]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)
    raw.decoder = decoders.Metaspace(prepend_scheme=scheme, split=False)
    raw.add_special_tokens(["<s>", "</s>"])
    made = transformers.PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="<s>", eos_token="</s>")
    made.chat_template = chat
    for file in llama.glob("*.jinja"):
        file.unlink()
    made.save_pretrained(llama)
    model = open_model(f"transformers:{llama}")
    found = answer_tokens(model, prompt, [["A", " A"], ["B", " B"]])
    assert [[pieces[token] for token in tokens] for tokens in found] == [["A", "▁A"], ["B", "▁B"]]
    assert vocabulary["<unk>"] not in model.encode(prompt, " A")
