"""A small Llama with random weights, a byte-level tokenizer and a chat template, to serve and to compare with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CHAT = (
    "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}[end]{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)


def write_llama(folder: Path, *, hidden: int = 64, layers: int = 2, heads: int = 2, context: int = 2048) -> Path:
    """Write it to ``folder`` and return that. 64 units in 2 layers are some 120,000 parameters."""
    import torch
    import transformers

    torch.manual_seed(3)
    config = transformers.LlamaConfig(
        vocab_size=258, bos_token_id=0, eos_token_id=1, pad_token_id=1, hidden_size=hidden, head_dim=hidden // heads,
        intermediate_size=2 * hidden, num_hidden_layers=layers, num_attention_heads=heads, num_key_value_heads=heads,
        max_position_embeddings=context, initializer_range=0.2,
    )  # fmt: skip
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def tokenizer() -> Any:
    """One token per byte; a begin token in front of a bare text, and the chat template's own in front of a chat."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<s>": 0, "</s>": 1, **{letter: index for index, letter in enumerate(alphabet, 2)}}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    raw.add_special_tokens(["<s>", "</s>"])
    made = transformers.PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="<s>", eos_token="</s>")
    made.chat_template = CHAT
    return made
