"""A tiny Llama with random weights, as a GGUF file and as a folder of transformers with the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

HEADS, KEY_HEADS, WIDTH, LAYERS = 4, 2, 32, 2
CHAT = (
    "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}  # fmt: skip


def write_both(folder: Path, *, chat: str | None = CHAT) -> tuple[Path, Path]:
    """``folder/tiny.gguf``, and ``folder/whole`` with the same weights and no tokenizer."""
    import torch
    import transformers

    torch.manual_seed(11)
    config = transformers.LlamaConfig(
        vocab_size=259, hidden_size=WIDTH, intermediate_size=64, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        num_key_value_heads=KEY_HEADS, max_position_embeddings=512, initializer_range=0.3, bos_token_id=0,
        eos_token_id=1, rms_norm_eps=1e-5,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(config)
    model.save_pretrained(folder / "whole")
    file = folder / "tiny.gguf"
    _write(file, {name: weight.detach().numpy() for name, weight in model.state_dict().items()}, chat)
    return file, folder / "whole"


def _write(file: Path, weights: dict[str, Any], chat: str | None) -> None:
    from gguf import GGUFWriter, TokenType
    from tokenizers import pre_tokenizers

    writer = GGUFWriter(file, "llama")
    writer.add_name("tiny")
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(64)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(259)
    tokens = ["<|begin|>", "<|end|>", *sorted(pre_tokenizers.ByteLevel.alphabet()), "in"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.CONTROL] * 2 + [TokenType.NORMAL] * 257)
    writer.add_token_merges(["i n"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    if chat:
        writer.add_chat_template(chat)
    for name, weight in weights.items():
        writer.add_tensor(_gguf_name(name), _as_gguf(name, weight))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _gguf_name(name: str) -> str:
    known = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
    if not name.startswith("model.layers."):
        return known.get(name, "output.weight")
    _, _, layer, part = name.removesuffix(".weight").split(".", 3)
    return f"blk.{layer}.{NAMES[part]}.weight"


def _as_gguf(name: str, weight: Any) -> Any:
    """GGUF keeps the two halves of a head's rotated numbers in turns."""
    heads = HEADS if "q_proj" in name else KEY_HEADS if "k_proj" in name else 0
    if not heads:
        return weight
    return weight.reshape(heads, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)
