"""Where models compute: in this process, or on the machines of a Ray cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from labeldist.core.errors import UsageError
from labeldist.core.registry import did_you_mean
from labeldist.models.base import LanguageModel
from labeldist.models.open import ModelOptions, open_model

LOCAL, RAY = "local", "ray"
ADDRESS = "ray://"
# The address of a cluster, where Ray itself or its user has set one.
ADDRESS_VARIABLE = "RAY_ADDRESS"


@contextmanager
def engine(name: str = LOCAL, workers: int | None = None) -> Iterator[Callable[[str, ModelOptions], LanguageModel]]:
    """What opens models, until the context ends.

    ``name``: ``local``; ``ray``, a cluster of this machine alone, or that of the environment variable RAY_ADDRESS;
    ``ray://HOST:PORT``, the cluster with that head, of which this machine is one. ``workers``: how many processes of a
    cluster open the model (None: what suits the cluster). Results do not depend on it.

    Raises :class:`UsageError` for another name, or for workers without a cluster.

    >>> with engine() as open_here:
    ...     open_here("scripted", ModelOptions()).name
    'scripted'
    """
    if name == LOCAL:
        if workers is not None:
            raise UsageError("--workers without a cluster", hint="use it with --engine ray or ray://HOST:PORT")
        yield open_model
        return
    if name != RAY and not name.startswith(ADDRESS):
        raise did_you_mean("engine", name, (LOCAL, RAY, f"{ADDRESS}HOST:PORT"))
    from labeldist.calls.distributed.engine import ray_engine

    with ray_engine(_address(name), workers) as open_there:
        yield open_there


def _address(name: str) -> str | None:
    found = name.removeprefix(ADDRESS) if name != RAY else os.environ.get(ADDRESS_VARIABLE, "")
    if found.startswith(ADDRESS):
        raise UsageError(
            f"{ADDRESS_VARIABLE} is {found!r}, an address of Ray Client, which is not used",
            hint="run labeldist on a machine of the cluster, with HOST:PORT of the head",
        )
    return found or None
