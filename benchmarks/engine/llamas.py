"""Llamas with random weights, of two sizes, over the tokenizer of the embedded model; and ways to run one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labeldist.models.embedded.model import PACKAGED
from labeldist.models.transformers import plain
from labeldist.models.transformers.model import TransformersModel

CONTEXT = 2048
BATCH_TOKENS = 8192  # as the backend has it
LONG, AT_ONCE = 512, 4  # a batch of long sequences
SIZES: dict[str, dict[str, Any]] = {
    "17M": {"hidden_size": 256, "num_hidden_layers": 9, "num_attention_heads": 4, "intermediate_size": 1024}
    | {"tie_word_embeddings": True},
    "158M": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3008},
}


@dataclass(frozen=True, slots=True)
class Llama:
    """The backend's model, and the network inside it; ``parameters`` in all."""

    model: TransformersModel
    network: Any
    parameters: int

    def tree(self, sequences: Sequence[Sequence[int]]) -> None:
        """The scores of all sequences as the backend computes them."""
        self.model.next_token_scores(sequences, [[1, 2, 3]] * len(sequences))

    def padded(self, sequences: Sequence[Sequence[int]]) -> None:
        """The same of padded batches of similar length."""
        import torch

        with torch.inference_mode():
            for _, logits in plain.last_logits(self.network, sequences, BATCH_TOKENS):
                logits[:, [1, 2, 3]].numpy()
                logits.logsumexp(1).numpy()

    def long_batch(self, sequences: Sequence[Sequence[int]]) -> int:
        """A batch of the sequences' tokens in sequences of 512, without padding; its number of tokens."""
        import torch

        text = [token for sequence in sequences for token in sequence]
        ids = torch.tensor(text[: LONG * AT_ONCE]).view(AT_ONCE, LONG)
        with torch.inference_mode():
            self.network(input_ids=ids, use_cache=False, logits_to_keep=1)
        return ids.numel()


def opened(size: str, shape: dict[str, Any] | None = None) -> Llama:
    """The Llama of a size (or of a ``shape`` of its own), nothing computed yet: the first call finds out that it takes
    trees.
    """
    import torch
    import transformers
    from tokenizers import Tokenizer

    raw = Tokenizer.from_file(str(PACKAGED / "tokenizer.json"))
    special = json.loads((PACKAGED / "model.json").read_text(encoding="utf-8"))["special_ids"]
    begin, end, pad = (raw.id_to_token(special[name]) for name in ("begin", "end", "pad"))
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, bos_token=begin, eos_token=end, pad_token=pad
    )
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=raw.get_vocab_size(), max_position_embeddings=CONTEXT, bos_token_id=None, eos_token_id=None,
        **(shape or SIZES[size]),
    )  # fmt: skip
    network = transformers.LlamaForCausalLM(config).eval()
    model = TransformersModel(network, tokenizer, name=f"llama {size}", revision="random", batch_tokens=BATCH_TOKENS)
    return Llama(model, network, sum(part.numel() for part in network.parameters()))
