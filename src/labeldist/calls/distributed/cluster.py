"""A connection to a Ray cluster, or a cluster of this machine alone that ends with the connection."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from labeldist.calls.distributed.worker import restore
from labeldist.core.errors import MissingExtraError, UnavailableError, UsageError

# Ray keeps what processes exchange in shared memory, a third of the machine's unless told: batches are small.
OBJECT_STORE = 100_000_000
SECONDS_TO_CONNECT = 10.0
# Whatever a run does, it does not report to Ray's makers; an address without a cluster is given up in a minute.
SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_NUM_REDIS_GET_RETRIES": "1"}
# What a cluster of this machine alone is started with: only this machine can reach it, it cannot ask cloud providers
# whose machine it is on, and it sees no keys, since servers are not asked from there.
NOWHERE = "http://127.0.0.1:9"
PROXIES = {"http_proxy": NOWHERE, "HTTP_PROXY": NOWHERE, "no_proxy": None, "NO_PROXY": None}
KEYS = {"LABELDIST_API_KEY": None, "OPENAI_API_KEY": None}
ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", **PROXIES, **KEYS}
# Ray remembers the first token of a process, and would write one of its own into the home folder.
TOKEN = secrets.token_hex(32)


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a pool needs to know. ``environment``: what a worker has to set or remove to see this process's own."""

    gpus: int
    machines: int
    environment: Mapping[str, str | None] = field(default_factory=dict)


@contextmanager
def connected(address: str | None, workers: int | None) -> Iterator[Cluster]:
    """Ray, connected: to the cluster at ``address`` (HOST:PORT of its head), or to one begun here (None).

    A process that is connected already, for instance a job of Ray's own, stays so and uses that cluster. ``workers``:
    how many a cluster that is begun here has to have room for at least.

    Raises :class:`MissingExtraError` without Ray, :class:`UsageError` for an address where nothing answers,
    :class:`UnavailableError` for a cluster that cannot be used.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    alone = address is None
    with _set(_alone() if alone else {}):
        ray = _ray()
        mine = not ray.is_initialized()
        if mine:
            _init(ray, address, workers)
    with _silent(ray):
        try:
            yield _cluster(ray, PROXIES if mine and alone else ())
        finally:
            if mine:
                ray.shutdown()


def _cluster(ray: ModuleType, changed: Iterable[str]) -> Cluster:
    """What the cluster has; its workers see the variables ``changed`` as this process does."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    gpus = int(sum(node.get("GPU", 0) for node in nodes))
    machines = sum(node.get("CPU", 0) >= 1 for node in nodes)
    # Ray sets this for workers; without Ray the number of threads, on which sums depend, is the library's own choice.
    seen = ("OMP_NUM_THREADS", *changed)
    return Cluster(gpus, max(1, machines), {name: os.environ.get(name) for name in seen})


def _ray() -> ModuleType:
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("--engine ray", "ray") from error
    return ray


def _init(ray: ModuleType, address: str | None, workers: int | None) -> None:
    settings: dict[str, Any] = {"address": address}
    if address is None:
        cpus = max(os.cpu_count() or 1, workers or 1)
        settings = {"address": "local", "num_cpus": cpus, "object_store_memory": OBJECT_STORE}
        settings["include_dashboard"] = False
    else:
        _check(address)
    at_end = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(log_to_driver=False, logging_level="ERROR", **settings)
    except (ConnectionError, RuntimeError, OSError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UnavailableError(
            f"Ray cannot use {'this machine' if address is None else f'the cluster at {address}'}: {reason}",
            hint="is that the port of its head, are the versions of Python and Ray the same, does it want a token?",
        ) from error
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, at_end)  # Ray's own would wait for the batches under way


def _check(address: str) -> None:
    """Refuse at once an address that Ray would try for a quarter of an hour."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    hint = "give HOST:PORT of the head, as `ray start --head` prints it, and run labeldist on a machine of the cluster"
    if not host or not port.isdecimal():
        raise UsageError(f"{address!r} is no address of a Ray cluster", hint=hint)
    try:
        socket.create_connection((host.strip("[]"), int(port)), SECONDS_TO_CONNECT).close()
    except (OSError, OverflowError) as error:
        raise UsageError(f"no Ray cluster answers at {address}: {error}", hint=hint) from error


def _alone() -> dict[str, str | None]:
    """The environment that a cluster of this machine alone is begun in: with Ray's own check of who asks."""
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
    return {**ALONE, **{name: os.environ.get(name, value) for name, value in token.items()}}


@contextmanager
def _set(environment: Mapping[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in environment}
    restore(environment)
    try:
        yield
    finally:
        restore(before)


@contextmanager
def _silent(ray: ModuleType) -> Iterator[None]:
    """Keep what Ray says of lost workers off standard output, which is for results; we say it ourselves."""
    printer = ray._private.worker
    before = printer._worker_logs_enabled
    printer._worker_logs_enabled = False
    try:
        yield
    finally:
        printer._worker_logs_enabled = before
