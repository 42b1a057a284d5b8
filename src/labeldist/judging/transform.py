"""The names of the transforms, and how one is read from its spec, such as ``softmax:20``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labeldist.core.errors import UsageError
from labeldist.core.registry import Registry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Apply = Callable[["NDArray[np.float64]"], "NDArray[np.float64]"]


@dataclass(frozen=True, slots=True)
class Transform:
    """``apply`` maps logits (n, K) to distributions (n, K); ``needs_raw_logits`` refuses log-probabilities."""

    spec: str
    apply: Apply
    needs_raw_logits: bool = False


# Each entry makes a transform from the text after the colon of its spec ("" without one).
TRANSFORMS: Registry[Callable[[str], Transform]] = Registry(
    "transform", "labeldist.judging.transforms", group="labeldist.transforms", reserved=("auto",)
)


def read_transform(spec: str) -> Transform:
    """The transform that ``spec`` names, for instance ``norm`` or ``softmax:20``.

    Raises :class:`UsageError` for an unknown name or a parameter that cannot be used.

    >>> import numpy as np
    >>> read_transform("softmax:1").apply(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """
    name, _, parameter = spec.partition(":")
    return TRANSFORMS.get(name)(parameter)


def no_parameter(name: str, parameter: str) -> None:
    """Refuse a parameter for a transform that takes none."""
    if parameter:
        raise UsageError(f"transform {name!r} takes no parameter, found {parameter!r}", hint=f"use {name}")
