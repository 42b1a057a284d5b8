"""``embedded`` and ``embedded:FOLDER``: the small language model that ships inside the package.

Importing this package loads neither weights nor onnxruntime: that happens when the model is opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from labeldist.core.errors import UsageError
from labeldist.models.open import Backend, ModelOptions

if TYPE_CHECKING:
    from labeldist.models.embedded.model import EmbeddedModel


def _open(argument: str, options: ModelOptions) -> EmbeddedModel:
    if options.device not in ("auto", "cpu") or options.dtype != "float32":
        raise UsageError(
            f"model 'embedded' computes in float32 on the CPU, not in {options.dtype} on {options.device!r}",
            hint="leave out --device and --dtype, or use transformers:NAME-OR-PATH",
        )
    from labeldist.models.embedded.model import load

    return load(
        Path(argument) if argument else None,
        style=None if options.style == "auto" else options.style,
        batch_tokens=options.batch_tokens,
    )


def _card() -> str:
    return (Path(__file__).parent / "MODEL_CARD.md").read_text(encoding="utf-8").rstrip()


BACKEND = Backend(
    "embedded[:FOLDER]", "the 22-million-parameter model inside this package: no torch, no download", _open, _card
)
