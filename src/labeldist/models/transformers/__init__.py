"""``transformers:NAME-OR-PATH``: any causal language model of Hugging Face transformers, on CPU or CUDA.

Weights are read from safetensors or a GGUF file only, and no code of a model repository is run. Importing this package
loads neither torch nor transformers: that happens when a model is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeldist.core.errors import MissingExtraError, UsageError
from labeldist.models.first_calls import settle
from labeldist.models.open import Backend, ModelOptions
from labeldist.models.transformers.failures import computing, reason

if TYPE_CHECKING:
    from labeldist.models.transformers.model import TransformersModel

DTYPES = ("float32", "bfloat16", "float16")


def _open(argument: str, options: ModelOptions) -> TransformersModel:
    if not argument:
        raise UsageError("model 'transformers' without a name", hint="use transformers:NAME-OR-PATH")
    if options.dtype not in DTYPES:
        raise UsageError(f"no number format is named {options.dtype!r}", hint=f"use one of: {', '.join(DTYPES)}")
    try:
        import torch
        import transformers  # noqa: F401 (whether it is there)
    except ImportError as error:
        raise MissingExtraError("model 'transformers'", "transformers") from error
    from labeldist.models.transformers.loading import load, weights_revision
    from labeldist.models.transformers.model import TransformersModel

    settle()
    device = _device(options.device)
    tokenizer, model = load(argument, getattr(torch, options.dtype))
    name = f"transformers:{argument}"
    with computing(name):
        model = model.to(device)
    return TransformersModel(
        model,
        tokenizer,
        name=name,
        revision=f"{weights_revision(argument, model)} {options.dtype} {device.partition(':')[0]}",
        style="letters" if options.style == "auto" else options.style,
        batch_tokens=options.batch_tokens,
    )


def _device(wanted: str) -> str:
    """The device by torch's name; :class:`UsageError` for one that cannot compute."""
    import torch

    device = wanted if wanted != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=device).cpu()
    except Exception as error:  # each kind of device fails with a kind of error of its own
        raise UsageError(
            f"torch cannot compute on device {device!r}: {reason(error)}",
            hint="use --device cpu, or cuda where torch finds a GPU",
        ) from error
    return device


BACKEND = Backend(
    "transformers:NAME-OR-PATH",
    "a causal language model of Hugging Face transformers, from a folder, a GGUF file or the hub",
    _open,
    runs_on="gpu",
)
