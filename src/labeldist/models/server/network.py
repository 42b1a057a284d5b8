"""Sockets for the client of a server: whatever a request waits for ends with its deadline, or when it is cancelled.

A client's own timeouts start anew with each byte, so a server that sends one now and then, of a header or of a chunk's
size, would hold a request for ever. Here a request has one end, and when it comes the socket that it waits for is shut.
"""

from __future__ import annotations

import ipaddress
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpcore2


class Deadline:
    """The end of one request, in seconds from now; ``over`` when it has come, or has been brought about."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        self.over = False
        self._lock = threading.Lock()
        self._wake: Callable[[], None] | None = None

    @contextmanager
    def wakes(self, wake: Callable[[], None]) -> Iterator[float]:
        """A wait that ``wake`` ends when the request is over; gives the seconds that are left.

        Only during the wait: the next request on the same connection has nothing to do with this one's end.
        """
        with self._lock:
            self._go_on()
            self._wake = wake
        try:
            yield max(self.end - time.monotonic(), 0.001)
        finally:
            with self._lock:
                self._wake = None
        self._go_on()  # what a socket gives that was shut is no end of an answer

    def pass_now(self) -> None:
        """End the request, whatever it waits for."""
        with self._lock:
            self.over = True
            if self._wake is not None:
                self._wake()

    def _go_on(self) -> None:
        if self.over or time.monotonic() >= self.end:
            self.over = True
            raise httpcore2.ReadTimeout("the request is over")


class Network(httpcore2.NetworkBackend):
    """Makes connections whose every wait is part of the request that the thread makes; see :meth:`within`."""

    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._under_way: set[Deadline] = set()
        self._watched = False

    @contextmanager
    def within(self, seconds: float) -> Iterator[Deadline]:
        """All that this thread sends and receives is one request, to be over in ``seconds``, always the same number."""
        self._mine.deadline = deadline = Deadline(seconds)
        with self._lock:
            self._under_way.add(deadline)
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._watch, daemon=True).start()
        try:
            yield deadline
        finally:
            with self._lock:
                self._under_way.discard(deadline)
            self._mine.deadline = None

    def cancel(self) -> None:
        """End all requests that are under way."""
        with self._lock:
            under_way = list(self._under_way)
        for deadline in under_way:
            deadline.pass_now()

    @property
    def deadline(self) -> Deadline:
        """That of this thread's request."""
        return getattr(self._mine, "deadline", None) or Deadline(math.inf)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to the first address of ``host`` that takes it; ``timeout`` holds for each address."""
        problem: Exception = httpcore2.ConnectError(f"no address of {host}")
        try:
            for address in self._addresses(host, port):
                try:
                    with self.deadline.wakes(_nothing) as left:
                        seconds = left if timeout is None else min(left, timeout)
                        stream = self._inner.connect_tcp(address, port, seconds, local_address, socket_options)
                    return _Stream(stream, self)
                except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                    problem = error
        except httpcore2.ReadTimeout:  # nothing was sent, so nothing was computed
            raise httpcore2.ConnectTimeout(f"no connection to {host} in time") from None
        raise problem

    def _addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a name; no system can be told how long a look-up may take, so a thread is left to it."""
        with suppress(ValueError):
            ipaddress.ip_address(host)
            return [host]
        found: list[str] = []
        problems: list[Exception] = []
        done = threading.Event()

        def look_up() -> None:
            try:
                found.extend(str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                problems.append(error)
            done.set()

        threading.Thread(target=look_up, daemon=True).start()
        with self.deadline.wakes(done.set) as left:
            done.wait(left if left < threading.TIMEOUT_MAX else None)
        if problems:
            raise httpcore2.ConnectError(str(problems[0]))
        return list(dict.fromkeys(found))

    def _watch(self) -> None:
        """Bring about each end in time, until nothing is under way. Ends come in the order of the beginnings."""
        while True:
            with self._lock:
                if not self._under_way:
                    self._watched = False
                    return
                first = min(deadline.end for deadline in self._under_way)
                due = [deadline for deadline in self._under_way if deadline.end <= time.monotonic()]
            for deadline in due:
                deadline.pass_now()
            time.sleep(min(max(first - time.monotonic(), 0.01), threading.TIMEOUT_MAX))


class _Stream(httpcore2.NetworkStream):
    """A connection, plain or encrypted; each wait ends with the request of the thread that waits."""

    def __init__(self, inner: httpcore2.NetworkStream, network: Network) -> None:
        self._inner = inner
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with self._network.deadline.wakes(self._shut):
            return self._inner.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with self._network.deadline.wakes(self._shut):
            self._inner.write(buffer, timeout)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        # The handshake takes the socket out of the object that could be shut; its timeout holds for all of it.
        with self._network.deadline.wakes(self._shut) as left:
            seconds = left if timeout is None else min(left, timeout)
            return _Stream(self._inner.start_tls(ssl_context, server_hostname, seconds), self._network)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _shut(self) -> None:
        """Wake whoever waits for the socket; the encryption on it is left alone, which another thread is using."""
        with suppress(OSError):
            socket.socket.shutdown(self._inner.get_extra_info("socket"), socket.SHUT_RDWR)


def _nothing() -> None:
    """A connection that is being made cannot be shut on every system; its timeout is short."""
