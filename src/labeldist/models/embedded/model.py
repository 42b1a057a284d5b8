"""The embedded model as a :class:`~labeldist.models.base.LanguageModel`: onnxruntime, tokenizers and numpy only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from labeldist.core.errors import InputError, IntegrityError, ModelError, Place, UsageError, shown
from labeldist.models.base import Capabilities
from labeldist.models.embedded.batches import causal_mask, common_opening, even_batches
from labeldist.models.embedded.decode import Decoding, continue_batch
from labeldist.models.embedded.scoring import score
from labeldist.models.embedded.session import LANES, Cache, Session, in_lanes
from labeldist.models.tokens import TokenModel, TokenScores

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PACKAGED = Path(__file__).parent
FILES = ("model.json", "model.onnx", "tokenizer.json", "weights.safetensors")
BATCH_TOKENS = 512
PASS_TOKENS = 128  # nodes of the prompt tree in one pass: attention costs their square
# Tokens of a batch of generation per token of a batch of scoring: a step computes one token of each sequence only.
GENERATION_SHARE = 10
SETTINGS: dict[str, Any] = {
    "answer_style": str,
    "transform": str,
    "context_length": int,
    "distinct_run": int,
    "special_ids": {"begin": int, "end": int, "pad": int},
    "sha256": {"model.onnx": str, "tokenizer.json": str, "weights.safetensors": str},
}
AGAIN = "install the package again, or write the folder again with `python -m training.export`"
T = TypeVar("T")


class EmbeddedModel(TokenModel):
    """A small causal language model for explanations and multiple-choice answers; see ``training/MODEL_CARD.md``.

    ``settings`` is the content of ``model.json``; ``revision`` identifies weights, tokenizer and decoding.
    """

    capabilities = Capabilities()
    # Five explanations of this length, an item and the instruction fit into the context of 512.
    max_new_tokens = 80

    def __init__(
        self, session: Session, tokenizer: Tokenizer, settings: dict[str, Any], *, name: str, revision: str
    ) -> None:
        self.name = name
        self.revision = revision
        self.answer_style: str = settings["answer_style"]
        self.transform: str = settings["transform"]
        self.session = session
        self.batch_tokens = BATCH_TOKENS
        self.context: int = settings["context_length"]
        self._tokenizer = tokenizer
        self.distinct_run: int = settings["distinct_run"]
        self._begin, self._end, self._pad = (settings["special_ids"][key] for key in ("begin", "end", "pad"))

    def encode(self, prompt: str, reply: str = "") -> list[int]:
        """The beginning-of-sequence token, the prompt, the beginning of the reply: the model has no chat template."""
        return [self._begin, *self._tokenizer.encode(prompt + reply, add_special_tokens=False).ids]

    def next_token_scores(self, sequences: Sequence[Sequence[int]], tokens: Sequence[Sequence[int]]) -> TokenScores:
        """Every beginning that sequences share is computed once (:mod:`scoring`); totals in float32.

        Raises :class:`ModelError` for a sequence that is empty or longer than the context.
        """
        self._check(sequences, room=0)
        width = len(tokens[0]) if tokens else 0
        wanted = np.array([list(ids) for ids in tokens], dtype=np.int64).reshape(len(sequences), width)
        return TokenScores(*score(self.session, sequences, wanted, min(PASS_TOKENS, self.batch_tokens)))

    def generate(
        self, sequences: Sequence[Sequence[int]], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> list[str]:
        """Continue each sequence: greedy decoding at temperature 0, repeatable sampling above.

        With the setting ``distinct_run`` n, no n tokens in a row come twice in one answer.

        Raises :class:`ModelError` where a sequence and its new tokens would not fit into the context.
        """
        self._check(sequences, room=max_new_tokens)
        texts = [""] * len(sequences)
        opening = common_opening(sequences)
        cache = self._cache(sequences[0][:opening] if opening else [])
        how = Decoding(max_new_tokens, self._end, self._pad, temperature, seed, self.distinct_run)

        def write(batch: Sequence[int]) -> None:
            made = continue_batch(self.session, [sequences[at] for at in batch], how, cache)
            for at, ids in zip(batch, made, strict=True):
                texts[at] = self._tokenizer.decode(ids, skip_special_tokens=True).strip()

        in_lanes(write, even_batches(sequences, GENERATION_SHARE * self.batch_tokens, max_new_tokens, LANES))
        return texts

    def _cache(self, opening: Sequence[int]) -> Cache:
        """Keys and values of what all sequences begin with, for all of them together."""
        if not opening:
            return self.session.empty_cache()
        ids = np.array([opening], dtype=np.int64)
        positions = np.arange(len(opening), dtype=np.int64)[None]
        nothing = np.empty((1, 0), dtype=np.int64)
        mask = causal_mask(len(opening))
        return self.session.forward(ids, positions, mask, self.session.empty_cache(), nothing).fresh

    def _check(self, sequences: Sequence[Sequence[int]], room: int) -> None:
        for sequence in sequences:
            if not sequence:
                raise ModelError("a prompt without any token", hint="encode the prompt with the model's own encode")
            if len(sequence) + room > self.context:
                more = f" and {room} new ones" if room else ""
                raise ModelError(
                    f"a prompt of {len(sequence)} tokens{more}, where model {self.name!r} takes {self.context}",
                    hint="shorten the item, ask for fewer tokens, or use a model with a longer context",
                )


def load(folder: Path | None = None, *, style: str | None = None, batch_tokens: int = 0) -> EmbeddedModel:
    """The packaged model, or that of a folder with the same four files (for instance trained by ``training/``).

    Raises :class:`UsageError` for a folder without them, :class:`IntegrityError` for weights or a tokenizer that
    are not those that ``model.json`` names, :class:`InputError` for a file that is not what its name says.
    """
    from tokenizers import Tokenizer

    place = folder or PACKAGED
    missing = [name for name in FILES if not (place / name).is_file()]
    if missing:
        raise UsageError(f"{place} has no {' and no '.join(missing)}", hint=f"a model folder holds {', '.join(FILES)}")
    settings = _read(place / "model.json", "settings as JSON", lambda file: json.loads(file.read_bytes()))
    _check_settings(settings, SETTINGS, place / "model.json")
    sums = {name: hashlib.sha256((place / name).read_bytes()).hexdigest() for name in FILES[1:]}
    for name, found in sums.items():
        if found != settings["sha256"][name]:
            raise IntegrityError(
                f"{place / name} has the checksum {found}, where model.json says {settings['sha256'][name]}",
                hint=AGAIN,
            )
    model = EmbeddedModel(
        _read(place / "model.onnx", "a language model written by training.export", Session),
        _read(place / "tokenizer.json", "a tokenizer", lambda file: Tokenizer.from_file(str(file))),
        settings,
        name="embedded" if folder is None else f"embedded:{folder}",
        revision=_revision(sums, settings),
    )
    model.answer_style = style or model.answer_style
    model.batch_tokens = batch_tokens or BATCH_TOKENS
    return model


def _revision(sums: dict[str, str], settings: dict[str, Any]) -> str:
    """Names weights, tokenizer and decoding: not the graph, of which a better one gives the same answers."""
    named = [sums["weights.safetensors"], sums["tokenizer.json"], str(settings["distinct_run"])]
    return hashlib.sha256("".join(named).encode()).hexdigest()[:16]


def _read(file: Path, expected: str, read: Callable[[Path], T]) -> T:
    try:
        return read(file)
    except Exception as error:  # onnxruntime and tokenizers raise kinds of their own, Exception itself among them
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"what cannot be read ({reason})", expected=expected, place=Place(file), hint=AGAIN) from error


def _check_settings(found: Any, shape: Any, file: Path, field: str | None = None) -> None:
    """Raises :class:`InputError` for a setting that ``shape``, a type or one per key, asks for and is not there."""
    kind = dict if isinstance(shape, dict) else shape
    if not isinstance(found, kind):
        raise InputError(
            shown(found), expected=f"a value of type {kind.__name__}", place=Place(file, field=field), hint=AGAIN
        )
    for key, inner in shape.items() if kind is dict else ():
        _check_settings(found.get(key), inner, file, f"{field}.{key}" if field else key)
