"""The names of language models, and how one is opened from its spec, such as ``transformers:NAME-OR-PATH``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from labeldist.core.errors import UsageError
from labeldist.core.registry import Registry
from labeldist.models.base import LanguageModel
from labeldist.models.budget import Budget

SAMPLES = 20  # answers per question where scores are sampled


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What a user may say of how a model runs; a backend takes what concerns it.

    ``device``: auto, cpu or cuda. ``dtype``: float32, bfloat16 or float16. ``style``: auto, letters or words.
    ``batch_tokens``: the most tokens, padding included, in one forward pass (0: the backend's own choice).

    Of servers: ``scores`` wanted (auto, exact, top or sampled), ``samples`` drawn per question where scores are
    sampled, ``thought_tokens`` for a thought and its answer (None: 4,096 of a model that shows that it thinks),
    ``temperature`` with which texts will be written (so that a refusal shows early), the most requests at a time
    (``concurrency``), the most seconds for one (``timeout``), and what may be spent, shared by all models that get the
    same ``budget`` (None: without limit).
    """

    device: str = "auto"
    dtype: str = "float32"
    style: str = "auto"
    batch_tokens: int = 0
    scores: str = "auto"
    samples: int = SAMPLES
    thought_tokens: int | None = None
    temperature: float = 0.0
    concurrency: int = 16
    timeout: float = 120.0
    budget: Budget | None = None


@dataclass(frozen=True, slots=True)
class Backend:
    """A kind of model: ``open`` makes one from the text after the colon of its spec ("" without one).

    ``spec`` is how to name it, ``title`` what it is, ``card`` gives its model card where it has one. ``runs_on``: what
    computes; ``gpu`` means that one is used where there is one, ``server`` that nothing is computed on this side.
    """

    spec: str
    title: str
    open: Callable[[str, ModelOptions], LanguageModel]
    card: Callable[[], str] | None = None
    runs_on: Literal["cpu", "gpu", "server"] = "cpu"


BACKENDS: Registry[Backend] = Registry("model", group="labeldist.models", part_type=Backend, reserved=("items", "same"))
BACKENDS.lazy("embedded", "labeldist.models.embedded:BACKEND")
BACKENDS.lazy("transformers", "labeldist.models.transformers:BACKEND")
BACKENDS.lazy("server", "labeldist.models.server:BACKEND")
BACKENDS.lazy("scripted", "labeldist.models.scripted:BACKEND")


def open_model(spec: str, options: ModelOptions | None = None) -> LanguageModel:
    """The language model that ``spec`` names: ``embedded``, ``transformers:NAME-OR-PATH``, ``server:MODEL@URL``,
    ``scripted``.

    Raises :class:`~labeldist.core.errors.UsageError` for an unknown name,
    :class:`~labeldist.core.errors.MissingExtraError` for a backend that is not installed.

    >>> open_model("scripted").name
    'scripted'
    """
    backend, argument = find_backend(spec)
    return backend.open(argument, options or ModelOptions())


def find_backend(spec: str) -> tuple[Backend, str]:
    """The backend that ``spec`` names, and what it says behind the colon; :class:`UsageError` for an unknown name.

    >>> find_backend("scripted:answers.json")[1]
    'answers.json'
    """
    name, _, argument = spec.partition(":")
    if name not in BACKENDS.names() and not argument and ("/" in spec or Path(spec).exists()):
        raise UsageError(f"no model is named {spec!r}", hint=f"did you mean transformers:{spec}?")
    return BACKENDS.get(name), argument
