"""A language model of transformers: renders and tokenizes prompts, scores next tokens, writes texts.

Rendering: the tokenizer's chat template where it has one, else the bare prompt behind the beginning-of-sequence
token that the tokenizer itself would put there.
"""

from __future__ import annotations

import hashlib
import logging
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from labeldist.core.errors import ModelError
from labeldist.models.base import Capabilities, in_order
from labeldist.models.prompt_tree import grow
from labeldist.models.tokens import TokenModel, TokenScores
from labeldist.models.transformers import plain, tree, trial
from labeldist.models.transformers.failures import computing

BATCH_TOKENS = 8192
# The most nodes of a tree per token of its sequences with which the tree is worth its wider attention.
LARGEST_SHARE = 0.75


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
        config = model.config.get_text_config()
        self._context = getattr(config, "max_position_embeddings", None) or 1 << 30
        self._reach = tree.reach(config)
        self._found_out: dict[str, str | None] = {}  # what the model cannot do, and why: tried when it is needed
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
        """Raw logits at the last position, softmax totals in float32.

        What sequences share is computed once (:mod:`.tree`) where the model can and it pays, else they go in padded
        batches. Raises :class:`ModelError` for a sequence that is empty or longer than the context.
        """
        import numpy as np
        import torch

        self._check(sequences, room=0)
        width = len(tokens[0]) if tokens else 0
        logits = np.empty((len(sequences), width), dtype=np.float32)
        totals = np.empty(len(sequences), dtype=np.float32)
        with torch.inference_mode(), computing(self.name):
            for members, computed in self._last_logits(sequences):
                last = computed.float()
                wanted = torch.tensor([list(tokens[at]) for at in members], device=last.device)
                logits[members] = last.gather(1, wanted).cpu().numpy()
                totals[members] = last.logsumexp(1).cpu().numpy()
        return TokenScores(logits, totals)

    def generate(
        self, sequences: Sequence[Sequence[int]], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> list[str]:
        """The texts of :meth:`generated`, in the order of the sequences."""
        how: dict[str, Any] = {"max_new_tokens": max_new_tokens, "temperature": temperature, "seed": seed}
        return in_order(self.generated(sequences, **how), len(sequences), self.name)

    def generated(
        self, sequences: Sequence[Sequence[int]], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[Mapping[int, str]]:
        """Plain greedy decoding at temperature 0, sampling from the whole softmax above, whatever the model's settings.

        Sequences of similar length go together, padded on the left; of one length where the model goes on otherwise
        behind padding. A sampled sequence goes alone: its text depends on the sequence and the seed, not on what else
        is asked.
        """
        import torch

        self._check(sequences, room=max_new_tokens)
        sampling = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature else {}
        config = self._config(max_new_tokens=max_new_tokens, **self._special, **sampling)
        for batch in self._generation_batches(sequences, max_new_tokens, alone=bool(sampling)):
            with torch.inference_mode(), torch.random.fork_rng(), computing(self.name):
                ids, mask = plain.left_padded([sequences[at] for at in batch], self._model.device)
                if sampling:
                    torch.manual_seed(_seed(seed, sequences[batch[0]]))
                made = self._model.generate(ids, attention_mask=mask, generation_config=config)
                texts = self._tokenizer.batch_decode(made[:, ids.shape[1] :], skip_special_tokens=True)
            yield {at: text.strip() for at, text in zip(batch, texts, strict=True)}

    def _generation_batches(
        self, sequences: Sequence[Sequence[int]], max_new_tokens: int, *, alone: bool
    ) -> Iterator[Sequence[int]]:
        lengths = [len(sequence) for sequence in sequences]
        if alone:
            yield from ([at] for at in range(len(lengths)))
            return
        by_length = sorted(range(len(lengths)), key=lambda at: lengths[at])
        within = bisect_right(by_length, self._reach - max_new_tokens, key=lambda at: lengths[at])
        # Beyond, positions scaled by length (LongRoPE) would change shorter texts in the batch.
        for part, pads in ((by_length[:within], True), (by_length[within:], False)):
            own = [lengths[at] for at in part]
            same_length = len(set(own)) > 1 and not (pads and self._can_pad())
            for batch in plain.batches(own, self._batch_tokens, room=max_new_tokens, same_length=same_length):
                yield [part[at] for at in batch]

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _added(self, text: str, reply: str) -> list[int] | None:
        """The tokens that ``reply`` adds behind ``text``; None where it changes the tokens of ``text``."""
        before, after = self._ids(text), self._ids(text + reply)
        return after[len(before) :] if after[: len(before)] == before else None

    def _check(self, sequences: Sequence[Sequence[int]], room: int) -> None:
        for sequence in sequences:
            if not sequence:
                raise ModelError(f"an empty prompt, of which model {self.name!r} cannot tell what comes next")
            if len(sequence) + room > self._context:
                raise ModelError(
                    f"a prompt of {len(sequence)} tokens and {room} new ones, where model {self.name!r} takes "
                    f"{self._context} together",
                    hint="shorten the item or its explanations, or use a model with a longer context",
                )

    def _last_logits(self, sequences: Sequence[Sequence[int]]) -> Iterator[tuple[Sequence[int], Any]]:
        """Indices of some sequences and the logits (e, vocabulary) at their last tokens, until all have come."""
        planted = [at for at, sequence in enumerate(sequences) if self._takes_tree(len(sequence))]
        shared = [sequences[at] for at in planted]
        nodes = len(grow(shared).ids)
        if nodes >= LARGEST_SHARE * sum(map(len, shared)):
            planted, shared, nodes = [], [], 0
        most, rows = tree.shape(nodes, self._batch_tokens, self._model.device.type)
        for members, logits in tree.last_logits(self._model, shared, most, rows):
            yield [planted[member] for member in members], logits
        alone = sorted(set(range(len(sequences))) - set(planted), key=lambda at: len(sequences[at]))
        within = bisect_right(alone, self._reach, key=lambda at: len(sequences[at]))
        # Apart, since with positions scaled by length (LongRoPE) a long sequence changes short ones in its batch.
        for part in (alone[:within], alone[within:]):
            for batch, logits in plain.last_logits(self._model, [sequences[at] for at in part], self._batch_tokens):
                yield [part[member] for member in batch], logits

    def _takes_tree(self, length: int) -> bool:
        """Whether prompts of this length go as a tree: tried once, apart for those longer than a sliding window."""
        if length > self._reach:
            return not self._why(
                f"no prompts of more than {self._reach:,} tokens as a tree",
                lambda: "its attention or its positions change there",
            )
        window = tree.window(self._model.config.get_text_config())
        beyond = window if length > window else 0
        which = f"no prompts of more than {window:,} tokens as a tree" if beyond else "no prompts as a tree"
        return not self._why(which, lambda: trial.why_no_tree(self._model, self._tried(beyond)))

    def _can_pad(self) -> bool:
        return not self._why(
            "no padding before prompts", lambda: trial.why_no_padding(self._model, self._tried(), self._special)
        )

    def _why(self, what: str, find_out: Callable[[], str | None]) -> str | None:
        """Why the model takes no such thing: found out once, and said once."""
        if what not in self._found_out:
            with computing(self.name):
                self._found_out[what] = why = find_out()
            if why:
                logging.getLogger(__name__).warning(
                    "model %r takes %s (%s): each is computed on its own, which is slower", self.name, what, why
                )
        return self._found_out[what]

    def _tried(self, beyond: int = 0) -> list[list[int]]:
        return trial.prompts(self.encode, min(self._context, self._reach), beyond=beyond)


def _begin(tokenizer: Any) -> list[int]:
    """The beginning-of-sequence token, where the tokenizer puts one in front of a text by itself."""
    ids = tokenizer("a")["input_ids"]
    return [ids[0]] if ids and ids[0] in (tokenizer.bos_token_id, tokenizer.cls_token_id) and ids[0] is not None else []


def _seed(seed: int, sequence: Sequence[int]) -> int:
    """64 bits from a seed of any size and a sequence."""
    return int.from_bytes(hashlib.sha256(repr((seed, list(sequence))).encode()).digest()[:8], "big")
