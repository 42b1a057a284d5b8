"""What torch cannot compute, as an error of labeldist."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from labeldist.core.errors import ModelError


@contextmanager
def computing(name: str) -> Iterator[None]:
    """What torch cannot compute, for want of memory above all, as a :class:`ModelError`.

    >>> with computing("tiny"):
    ...     raise RuntimeError("out of memory")
    Traceback (most recent call last):
    labeldist.core.errors.ModelError: model 'tiny' failed to compute: out of memory
      hint: where memory ran out, use a smaller --batch-tokens, --dtype bfloat16 or a smaller model
    """
    try:
        yield
    except (RuntimeError, IndexError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
        raise ModelError(
            f"model {name!r} failed to compute: {reason(error)}",
            hint="where memory ran out, use a smaller --batch-tokens, --dtype bfloat16 or a smaller model",
        ) from error


def reason(error: BaseException) -> str:
    """The first line of an error, or what kind it is where it says nothing.

    >>> reason(ValueError("bad shape\\nand much more")), reason(MemoryError())
    ('bad shape', 'MemoryError')
    """
    return (str(error).splitlines() or [type(error).__name__])[0]
