"""``transformers:NAME-OR-FOLDER``: any causal language model of Hugging Face transformers, on CPU or CUDA.

Weights are read from safetensors only, and no code of a model repository is run. Importing this package loads
neither torch nor transformers: that happens when a model is opened.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeldist.core.errors import MissingExtraError, UsageError
from labeldist.models.open import Backend, ModelOptions
from labeldist.models.transformers.failures import computing, reason

if TYPE_CHECKING:
    from labeldist.models.transformers.model import TransformersModel

# What answers may depend on in a model's folder: configuration, weights, tokenizer, chat template.
HASHED = {".json", ".safetensors", ".jinja", ".model", ".txt"}


def _open(argument: str, options: ModelOptions) -> TransformersModel:
    if not argument:
        raise UsageError("model 'transformers' without a name", hint="use transformers:NAME-OR-FOLDER")
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtraError("model 'transformers'", "transformers") from error
    from labeldist.models.transformers.model import TransformersModel

    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    if options.dtype not in dtypes:
        raise UsageError(f"no number format is named {options.dtype!r}", hint=f"use one of: {', '.join(dtypes)}")
    device = options.device if options.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=device).cpu()
    except Exception as error:  # each kind of device fails with a kind of error of its own
        raise UsageError(
            f"torch cannot compute on device {device!r}: {reason(error)}",
            hint="use --device cpu, or cuda where torch finds a GPU",
        ) from error
    hint = "give a folder with config, tokenizer and safetensors weights, or the name of a model on the hub"
    try:
        # Not pinned: the user's choice; no code is run.
        tokenizer = transformers.AutoTokenizer.from_pretrained(argument, trust_remote_code=False)  # nosec B615
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
            f"cannot load {argument!r} with transformers: {reason(error)}",
            hint=f"{hint}, of a kind that transformers knows: a model's own code is never run",
        ) from error
    if loading["missing_keys"]:
        raise UsageError(
            f"the weights of {argument!r} lack {', '.join(sorted(loading['missing_keys'])[:3])}, which would be random",
            hint=hint,
        )
    name = f"transformers:{argument}"
    with computing(name):
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
    runs_on="gpu",
)
