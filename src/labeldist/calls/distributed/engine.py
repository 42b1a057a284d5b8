"""Opens models on the workers of a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

from labeldist.calls.distributed.cluster import Cluster, connected
from labeldist.calls.distributed.model import DistributedModel
from labeldist.calls.distributed.pool import Pool
from labeldist.models.base import LanguageModel
from labeldist.models.open import ModelOptions, find_backend, open_model


@contextmanager
def ray_engine(address: str | None, workers: int | None) -> Iterator[Callable[[str, ModelOptions], LanguageModel]]:
    """Opens models as :func:`~labeldist.models.open.open_model` does, on ``workers`` workers, until the context ends.

    ``address``: see :func:`~labeldist.calls.distributed.cluster.connected`; nothing is begun before it is needed.
    ``workers`` None: as many as there are GPUs, for a model that uses them; else one on each machine, since a model
    uses all the cores that it finds. Models of servers are computed elsewhere already, and asked from this process.
    """
    with ExitStack() as stack:
        clusters: list[Cluster] = []
        pools: dict[bool, Pool] = {}

        def open_there(spec: str, options: ModelOptions) -> LanguageModel:
            backend, _ = find_backend(spec)
            if backend.runs_on == "server":
                return open_model(spec, options)
            if not clusters:
                clusters.append(stack.enter_context(connected(address, workers)))
            (cluster,) = clusters
            gpu = backend.runs_on == "gpu" and options.device != "cpu" and cluster.gpus > 0
            if gpu not in pools:
                size = workers or (cluster.gpus if gpu else cluster.machines)
                pools[gpu] = stack.enter_context(closing(Pool(size, gpu=gpu, environment=cluster.environment)))
            return DistributedModel(pools[gpu], spec, options)

        yield open_there
