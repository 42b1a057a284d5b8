"""What runs in a process of the cluster: models, each opened once, that are asked for whole batches."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from labeldist import __version__
from labeldist.core.errors import LabeldistError, UnavailableError
from labeldist.models.base import Capabilities, LanguageModel, Question
from labeldist.models.open import ModelOptions, open_model


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What is known of a model without asking it anything, and the version of labeldist that opened it."""

    version: str
    name: str
    revision: str
    answer_style: str
    transform: str
    max_new_tokens: int
    capabilities: Capabilities


@dataclass(slots=True)
class Reply:
    """What comes back from a worker: answers by place, what went wrong behind them, warnings said on the way."""

    answers: dict[int, Any] = field(default_factory=dict)
    error: LabeldistError | None = None
    said: list[str] = field(default_factory=list)


class Worker:
    """Asked for one batch at a time.

    ``environment``: variables to set (None: to remove) before any library reads them. ``folder``: where relative paths
    begin, on machines that have it.
    """

    def __init__(self, environment: Mapping[str, str | None], folder: str) -> None:
        restore(environment)
        with suppress(OSError):
            os.chdir(folder)
        self._models: dict[tuple[str, ModelOptions], LanguageModel] = {}

    def ready(self) -> None:
        """Answers as soon as the process has a place on the cluster, and runs."""

    def portrait(self, spec: str, options: ModelOptions) -> Reply:
        """The portrait of a model, as answer 0."""
        reply = Reply()
        with _into(reply):
            reply.answers[0] = portrait_of(self._model(spec, options))
        return reply

    def ask(
        self,
        spec: str,
        options: ModelOptions,
        expected: ModelDescription,
        method: str,
        asked: Sequence[str] | Sequence[Question],
        settings: Mapping[str, Any],
    ) -> Reply:
        """The answers of a model's ``method`` to a batch.

        Nothing is asked of a model that differs from the one ``expected``: its answers would be kept as that one's.
        """
        reply = Reply()
        with _into(reply):
            model = self._model(spec, options)
            _check(portrait_of(model), expected)
            for portion in getattr(model, method)(asked, **settings):
                reply.answers.update(portion)
        return reply

    def _model(self, spec: str, options: ModelOptions) -> LanguageModel:
        if (spec, options) not in self._models:
            self._models[spec, options] = open_model(spec, options)
        return self._models[spec, options]


def portrait_of(model: LanguageModel) -> ModelDescription:
    """What another process needs to know of an opened model.

    >>> portrait_of(open_model("scripted")).transform
    'softmax:1'
    """
    return ModelDescription(
        __version__,
        model.name,
        model.revision,
        model.answer_style,
        model.transform,
        model.max_new_tokens,
        model.capabilities,
    )


def restore(environment: Mapping[str, str | None]) -> None:
    """Set environment variables, or remove those that are None."""
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _check(found: ModelDescription, expected: ModelDescription) -> None:
    differing = [
        f"{name} {getattr(found, name)!r}, not {getattr(expected, name)!r}"
        for name in ModelDescription.__slots__
        if getattr(found, name) != getattr(expected, name)
    ]
    if differing:
        raise UnavailableError(
            f"model {expected.name!r} is not the same on all machines: on {platform.node()} it has "
            + "; ".join(differing),
            hint="install the same labeldist and put the same model files on all machines, or use one --device",
        )


@contextmanager
def _into(reply: Reply) -> Iterator[None]:
    """Put what labeldist raises and warns of into the reply: a worker's own output is seen by nobody."""
    said = _Said(reply.said)
    logger = logging.getLogger("labeldist")
    logger.addHandler(said)
    try:
        yield
    except LabeldistError as error:
        reply.error = error
    finally:
        logger.removeHandler(said)


class _Said(logging.Handler):
    """Collects warnings."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())
