"""Tokenizer and weights of a causal language model, from safetensors or one GGUF file; no code of a model is run."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from labeldist.core.errors import MissingExtraError, UsageError
from labeldist.models.transformers.failures import reason

# What answers may depend on in a model's folder: configuration, weights, tokenizer, chat template.
HASHED = {".json", ".safetensors", ".jinja", ".model", ".txt"}
HINT = "give a folder with config, tokenizer and safetensors weights, a GGUF file, or the name of a model on the hub"


def gguf_file(argument: str) -> Path | None:
    """The GGUF file that ``argument`` names: itself, or the only one of a folder without safetensors.

    Raises :class:`UsageError` for a folder with several.
    """
    path = Path(argument)
    if path.suffix.lower() == ".gguf":
        if not path.is_file():
            raise UsageError(f"there is no file {argument!r}", hint=HINT)
        return path
    if not path.is_dir() or any(path.glob("*.safetensors")):
        return None
    files = sorted(file for file in path.iterdir() if file.suffix.lower() == ".gguf")
    if len(files) > 1:
        raise UsageError(
            f"the folder {argument!r} has {len(files)} GGUF files: {', '.join(file.name for file in files[:4])}",
            hint=f"name one of them, for instance transformers:{files[0]}",
        )
    return files[0] if files else None


def load(argument: str, dtype: Any) -> tuple[Any, Any]:
    """The tokenizer, and the model on the CPU with weights of the torch type ``dtype``.

    Weights of a GGUF file are unpacked: the numbers are those that llama.cpp computes with, up to rounding, in the
    memory that ``dtype`` takes. Raises :class:`UsageError` for what transformers cannot load,
    :class:`MissingExtraError` for a GGUF file without the package that reads it.
    """
    import transformers

    file = gguf_file(argument)
    name, more = (argument, {}) if file is None else (str(file.parent), {"gguf_file": file.name})
    if file:
        _check_reader(file)
    try:
        # Not pinned: the user's choice; no code is run.
        tokenizer = transformers.AutoTokenizer.from_pretrained(name, trust_remote_code=False, **more)  # nosec B615
        kind: Any = transformers.AutoModelForCausalLM
        model, loading = kind.from_pretrained(
            name, dtype=dtype, use_safetensors=True, trust_remote_code=False, output_loading_info=True, **more
        )
    except Exception as error:  # files of others fail in many ways: tokenizers raises Exception itself
        raise UsageError(
            f"cannot load {argument!r} with transformers: {reason(error)}",
            hint=f"{HINT}, of a kind that transformers knows: a model's own code is never run",
        ) from error
    if loading["missing_keys"]:
        raise UsageError(
            f"the weights of {argument!r} lack {', '.join(sorted(loading['missing_keys'])[:3])}, which would be random",
            hint=HINT,
        )
    return tokenizer, model


def _check_reader(file: Path) -> None:
    try:
        import gguf  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(f"the GGUF file {file.name!r}", "gguf") from error
    with file.open("rb") as content:
        if content.read(4) != b"GGUF":
            raise UsageError(f"{str(file)!r} does not begin as a GGUF file does", hint="download it again")


def weights_revision(argument: str, model: Any) -> str:
    """The hub's commit; of a folder or a GGUF file a hash over names and whole contents.

    Whole, because tuning may change but a few layers; reading costs about what loading the weights did.
    """
    file = gguf_file(argument)
    if file is None and not Path(argument).is_dir():
        return str(getattr(model.config, "_commit_hash", None) or "unknown")
    files = [file] if file else sorted(path for path in Path(argument).iterdir() if path.suffix in HASHED)
    digest = hashlib.sha256()
    for one in files:
        with one.open("rb") as content:
            digest.update(f"{one.name} {hashlib.file_digest(content, 'sha256').hexdigest()} ".encode())
    return digest.hexdigest()[:16]
