"""``transformers:NAME-OR-FOLDER``: any causal language model of Hugging Face transformers, on CPU or CUDA.

Rendering: the tokenizer's chat template where it has one, else the bare prompt behind the beginning-of-sequence
token that the tokenizer itself would put there. Weights are read from safetensors only, and no code of a model
repository is run.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from labeldist.core.errors import MissingExtraError, ModelError, UsageError
from labeldist.models.base import Capabilities, TokenScores
from labeldist.models.open import Backend, ModelOptions

BATCH_TOKENS = 8192
READ_AT_ENDS = 1 << 20


class TransformersModel:
    """A :class:`~labeldist.models.base.LanguageModel` over a loaded ``transformers`` model and tokenizer.

    ``revision`` identifies the weights; ``style`` is ``letters`` or ``words``.
    """

    capabilities = Capabilities()
    # The paper's temperature: raw logits of large models are far apart (arXiv 2412.13942, section 3).
    transform = "softmax:20"
    max_new_tokens = 256

    def __init__(
        self, model: Any, tokenizer: Any, *, name: str, revision: str, style: str = "letters", batch_tokens: int = 0
    ) -> None:
        self.name = name
        self.revision = revision
        self.answer_style = style
        self._model = model.eval()
        self._tokenizer = tokenizer
        self._batch_tokens = batch_tokens or BATCH_TOKENS
        self._keeps = "logits_to_keep" in inspect.signature(model.forward).parameters
        self._context = getattr(model.config, "max_position_embeddings", None) or 1 << 30
        self._begin = _begin(tokenizer)

    def encode(self, prompt: str, reply: str = "") -> list[int]:
        """The chat template's user turn (or the bare prompt) and the beginning of the reply, as token ids."""
        if self._tokenizer.chat_template:
            # The template states its special tokens itself; a tokenizer that adds them again would double them.
            turn = [{"role": "user", "content": prompt}]
            text = self._tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
            begin: list[int] = []
        else:
            text, begin = prompt, self._begin
        return begin + list(self._tokenizer(text + reply, add_special_tokens=False)["input_ids"])

    def next_token_scores(self, sequences: Sequence[Sequence[int]], tokens: Sequence[Sequence[int]]) -> TokenScores:
        """Raw logits at the last position, softmax totals in float32, batches of similar length padded right."""
        import numpy as np
        import torch

        width = len(tokens[0]) if tokens else 0
        logits = np.empty((len(sequences), width), dtype=np.float32)
        totals = np.empty(len(sequences), dtype=np.float32)
        with torch.inference_mode():
            for batch in self._batches(sequences):
                last = self._last_logits([sequences[at] for at in batch]).float()
                wanted = torch.tensor([list(tokens[at]) for at in batch], device=last.device)
                logits[batch] = last.gather(1, wanted).cpu().numpy()
                totals[batch] = last.logsumexp(1).cpu().numpy()
        return TokenScores(logits, totals)

    def generate(
        self, sequences: Sequence[Sequence[int]], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> list[str]:
        """Continue by ``transformers``' own generation; sequences of one length go together, so nothing is padded."""
        import torch

        texts = [""] * len(sequences)
        sampling = {"do_sample": True, "temperature": temperature} if temperature else {"do_sample": False}
        pad = self._tokenizer.pad_token_id
        with torch.inference_mode(), torch.random.fork_rng():
            torch.manual_seed(seed)
            for batch in self._batches(sequences, room=max_new_tokens, same_length=True):
                ids = torch.tensor([list(sequences[at]) for at in batch], device=self._model.device)
                made = self._model.generate(
                    ids,
                    attention_mask=torch.ones_like(ids),
                    max_new_tokens=max_new_tokens,
                    pad_token_id=self._tokenizer.eos_token_id if pad is None else pad,
                    eos_token_id=self._model.generation_config.eos_token_id or self._tokenizer.eos_token_id,
                    **sampling,
                )
                new = made[:, ids.shape[1] :]
                for at, text in zip(batch, self._tokenizer.batch_decode(new, skip_special_tokens=True), strict=True):
                    texts[at] = text.strip()
        return texts

    def _last_logits(self, sequences: Sequence[Sequence[int]]) -> Any:
        """Logits (b, vocabulary) at each sequence's last token; right padding cannot reach it in a causal model."""
        import torch

        lengths = torch.tensor([len(sequence) for sequence in sequences], device=self._model.device)
        longest = int(lengths.max())
        ids = torch.zeros((len(sequences), longest), dtype=torch.long, device=self._model.device)
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = torch.tensor(list(sequence))
        mask = (torch.arange(longest, device=ids.device) < lengths[:, None]).long()
        ends, column = torch.unique(lengths - 1, return_inverse=True)
        keep = {"logits_to_keep": ends} if self._keeps else {}
        logits = self._model(input_ids=ids, attention_mask=mask, use_cache=False, **keep).logits
        column = column if self._keeps else lengths - 1
        return logits[torch.arange(len(sequences), device=ids.device), column]

    def _batches(
        self, sequences: Sequence[Sequence[int]], *, room: int = 0, same_length: bool = False
    ) -> Iterator[list[int]]:
        """Indices of sequences of similar length, at most ``batch_tokens`` with padding in one batch."""
        batch: list[int] = []
        for at in sorted(range(len(sequences)), key=lambda at: len(sequences[at])):
            length = len(sequences[at]) + room
            if length > self._context:
                raise ModelError(
                    f"a prompt of {len(sequences[at])} tokens and {room} new ones, where model {self.name!r} takes "
                    f"{self._context} together",
                    hint="shorten the item or its explanations, or use a model with a longer context",
                )
            fits = (len(batch) + 1) * length <= self._batch_tokens
            if batch and (not fits or (same_length and len(sequences[batch[0]]) != len(sequences[at]))):
                yield batch
                batch = []
            batch.append(at)
        if batch:
            yield batch


def _begin(tokenizer: Any) -> list[int]:
    """The beginning-of-sequence token, where the tokenizer puts one in front of a text by itself."""
    ids = tokenizer("a")["input_ids"]
    return [ids[0]] if ids and ids[0] in (tokenizer.bos_token_id, tokenizer.cls_token_id) and ids[0] is not None else []


def _open(argument: str, options: ModelOptions) -> TransformersModel:
    if not argument:
        raise UsageError("model 'transformers' without a name", hint="use transformers:NAME-OR-FOLDER")
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtraError("model 'transformers'", "transformers") from error
    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    if options.dtype not in dtypes:
        raise UsageError(f"no number format is named {options.dtype!r}", hint=f"use one of: {', '.join(dtypes)}")
    device = options.device if options.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise UsageError("device 'cuda', but torch finds no GPU here", hint="use --device cpu")
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(argument)
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(
            argument, dtype=dtypes[options.dtype], use_safetensors=True
        )
    except (OSError, ValueError, ImportError, KeyError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(
            f"cannot load {argument!r} with transformers: {reason}",
            hint="give a folder with config, tokenizer and safetensors weights, or the name of a model on the hub",
        ) from error
    return TransformersModel(
        model.to(device),
        tokenizer,
        name=f"transformers:{argument}",
        revision=f"{_weights_revision(argument, model)} {options.dtype} {device.partition(':')[0]}",
        style="letters" if options.style == "auto" else options.style,
        batch_tokens=options.batch_tokens,
    )


def _weights_revision(argument: str, model: Any) -> str:
    """The hub's commit, or for a folder a hash over its files: names, sizes, and first and last MiB of each.

    Whole files are not read: a large model would take minutes, and a fine-tuned copy differs all over.
    """
    if not Path(argument).is_dir():
        return str(getattr(model.config, "_commit_hash", None) or "unknown")
    digest = hashlib.sha256()
    for file in sorted(path for path in Path(argument).iterdir() if path.suffix in {".json", ".safetensors", ".jinja"}):
        size = file.stat().st_size
        digest.update(f"{file.name} {size}".encode())
        with file.open("rb") as content:
            digest.update(content.read(READ_AT_ENDS))
            content.seek(max(size - READ_AT_ENDS, 0))
            digest.update(content.read(READ_AT_ENDS))
    return digest.hexdigest()[:16]


BACKEND = Backend(
    "transformers:NAME-OR-FOLDER",
    "a causal language model of Hugging Face transformers, from a folder or the hub",
    _open,
)
