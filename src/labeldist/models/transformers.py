"""``transformers:NAME-OR-FOLDER``: any causal language model of Hugging Face transformers, on CPU or CUDA.

Rendering: the tokenizer's chat template where it has one, else the bare prompt behind the beginning-of-sequence
token that the tokenizer itself would put there. Weights are read from safetensors only, and no code of a model
repository is run.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labeldist.core.errors import MissingExtraError, ModelError, UsageError
from labeldist.models.base import Capabilities
from labeldist.models.open import Backend, ModelOptions
from labeldist.models.tokens import TokenModel, TokenScores

BATCH_TOKENS = 8192
# What answers may depend on in a model's folder: configuration, weights, tokenizer, chat template.
HASHED = {".json", ".safetensors", ".jinja", ".model", ".txt"}


class TransformersModel(TokenModel):
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
        ends, pad = model.generation_config.eos_token_id, tokenizer.pad_token_id
        self._special = {
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id if ends is None else ends,
            "pad_token_id": tokenizer.eos_token_id if pad is None else pad,
        }
        # Penalties, top-k and the like that a model brings along would fill whatever `generate` is not told.
        self._config = type(model.generation_config)
        model.generation_config = self._config()

    def encode(self, prompt: str, reply: str = "") -> list[int]:
        """The chat template's user turn (or the bare prompt) and the beginning of the reply, as token ids.

        The reply merges with the end of the turn where the tokenizer does so, except with white space that ends it:
        the model is given that as a token of its own, and goes on behind it.
        """
        if self._tokenizer.chat_template:
            # The template states its special tokens itself; a tokenizer that adds them again would double them.
            turn = [{"role": "user", "content": prompt}]
            text = self._tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
            begin: list[int] = []
        else:
            text, begin = prompt, self._begin
        turn_ids = begin + self._ids(text)
        if not reply:
            return turn_ids
        new = self._added(text, reply)
        if new is None:
            new = self._added(text.rstrip(), reply)
        return begin + self._ids(text + reply) if new is None else turn_ids + new

    def next_token_scores(self, sequences: Sequence[Sequence[int]], tokens: Sequence[Sequence[int]]) -> TokenScores:
        """Raw logits at the last position, softmax totals in float32, batches of similar length padded right."""
        import numpy as np
        import torch

        width = len(tokens[0]) if tokens else 0
        logits = np.empty((len(sequences), width), dtype=np.float32)
        totals = np.empty(len(sequences), dtype=np.float32)
        with torch.inference_mode(), _computing(self.name):
            for batch in self._batches(sequences):
                last = self._last_logits([sequences[at] for at in batch]).float()
                wanted = torch.tensor([list(tokens[at]) for at in batch], device=last.device)
                logits[batch] = last.gather(1, wanted).cpu().numpy()
                totals[batch] = last.logsumexp(1).cpu().numpy()
        return TokenScores(logits, totals)

    def generate(
        self, sequences: Sequence[Sequence[int]], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> list[str]:
        """Plain greedy decoding at temperature 0, sampling from the whole softmax above, whatever the model's settings.

        Sequences of one length go together, so nothing is padded. A sampled sequence goes alone: its text depends on
        the sequence and the seed, not on what else is asked.
        """
        import torch

        sampling = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature else {}
        config = self._config(max_new_tokens=max_new_tokens, **self._special, **sampling)
        texts = [""] * len(sequences)
        batches = self._batches(sequences, room=max_new_tokens, same_length=True)
        if sampling:
            batches = ([at] for batch in batches for at in batch)
        with torch.inference_mode(), torch.random.fork_rng(), _computing(self.name):
            for batch in batches:
                ids = torch.tensor([list(sequences[at]) for at in batch], device=self._model.device)
                if sampling:
                    torch.manual_seed(_seed(seed, sequences[batch[0]]))
                made = self._model.generate(ids, attention_mask=torch.ones_like(ids), generation_config=config)
                new = made[:, ids.shape[1] :]
                for at, text in zip(batch, self._tokenizer.batch_decode(new, skip_special_tokens=True), strict=True):
                    texts[at] = text.strip()
        return texts

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _added(self, text: str, reply: str) -> list[int] | None:
        """The tokens that ``reply`` adds behind ``text``; None where it changes the tokens of ``text``."""
        before, after = self._ids(text), self._ids(text + reply)
        return after[len(before) :] if after[: len(before)] == before else None

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


def _seed(seed: int, sequence: Sequence[int]) -> int:
    """64 bits from a seed of any size and a sequence."""
    return int.from_bytes(hashlib.sha256(repr((seed, list(sequence))).encode()).digest()[:8], "big")


@contextmanager
def _computing(name: str) -> Iterator[None]:
    """What torch cannot compute, for want of memory above all, as a :class:`ModelError`."""
    try:
        yield
    except (RuntimeError, IndexError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
        raise ModelError(
            f"model {name!r} failed to compute: {_reason(error)}",
            hint="where memory ran out, use a smaller --batch-tokens, --dtype bfloat16 or a smaller model",
        ) from error


def _reason(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


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
    try:
        torch.zeros(1, device=device).cpu()
    except Exception as error:  # each kind of device fails with a kind of error of its own
        raise UsageError(
            f"torch cannot compute on device {device!r}: {_reason(error)}",
            hint="use --device cpu, or cuda where torch finds a GPU",
        ) from error
    hint = "give a folder with config, tokenizer and safetensors weights, or the name of a model on the hub"
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(argument, trust_remote_code=False)
        kind: Any = transformers.AutoModelForCausalLM
        model, loading = kind.from_pretrained(
            argument,
            dtype=dtypes[options.dtype],
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except Exception as error:  # files of others fail in many ways: tokenizers raises Exception itself
        raise UsageError(
            f"cannot load {argument!r} with transformers: {_reason(error)}",
            hint=f"{hint}, of a kind that transformers knows: a model's own code is never run",
        ) from error
    if loading["missing_keys"]:
        raise UsageError(
            f"the weights of {argument!r} lack {', '.join(sorted(loading['missing_keys'])[:3])}, which would be random",
            hint=hint,
        )
    name = f"transformers:{argument}"
    with _computing(name):
        model = model.to(device)
    return TransformersModel(
        model,
        tokenizer,
        name=name,
        revision=f"{_weights_revision(argument, model)} {options.dtype} {device.partition(':')[0]}",
        style="letters" if options.style == "auto" else options.style,
        batch_tokens=options.batch_tokens,
    )


def _weights_revision(argument: str, model: Any) -> str:
    """The hub's commit, or for a folder a hash over names and whole contents of its files.

    Whole, because tuning may change but a few layers; reading costs about what loading the weights did.
    """
    if not Path(argument).is_dir():
        return str(getattr(model.config, "_commit_hash", None) or "unknown")
    digest = hashlib.sha256()
    for file in sorted(path for path in Path(argument).iterdir() if path.suffix in HASHED):
        with file.open("rb") as content:
            digest.update(f"{file.name} {hashlib.file_digest(content, 'sha256').hexdigest()} ".encode())
    return digest.hexdigest()[:16]


BACKEND = Backend(
    "transformers:NAME-OR-FOLDER",
    "a causal language model of Hugging Face transformers, from a folder or the hub",
    _open,
)
