"""Llamas with random weights in the shapes of real ones: speed does not depend on what the numbers are."""

from __future__ import annotations

from typing import Any

CONTEXT = 4096
SHAPES: dict[str, dict[str, Any]] = {
    "tiny": {
        "vocab_size": 997, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.2,
    },
    "1B": {
        "vocab_size": 128_256, "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
        "num_attention_heads": 32, "num_key_value_heads": 8, "tie_word_embeddings": True,
    },
    "8B": {
        "vocab_size": 128_256, "hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8,
    },
}  # fmt: skip


def llama(size: str, device: str, dtype: str, attention: str = "sdpa") -> Any:
    """A network of a size, made where it computes: 8B of random numbers would take minutes on a CPU."""
    import torch
    import transformers

    config = transformers.LlamaConfig(
        max_position_embeddings=CONTEXT, bos_token_id=1, eos_token_id=2, attn_implementation=attention, **SHAPES[size]
    )
    before = torch.get_default_dtype()
    torch.manual_seed(0)
    try:
        torch.set_default_dtype(getattr(torch, dtype))
        with torch.device(device):
            return transformers.LlamaForCausalLM(config).eval()
    finally:
        torch.set_default_dtype(before)
