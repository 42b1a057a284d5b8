"""A server that says bytes, one by one where it likes: what no library for servers would let one say."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

MODEL = "raw"
# What the server does with a connection whose request it has read.
Saying = Callable[[socket.socket], None]


@contextmanager
def saying(say: Saying) -> Iterator[str]:
    """The address of a server that does ``say`` after each request, on every connection, until that is closed."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            while read_request(connection):
                say(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    finally:
        listening.close()


def read_request(connection: socket.socket) -> bytes:
    """One request, whole; empty where the client has gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].split(b":")[1]) if lengths else 0
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(body: Any, *, head: bytes = b"") -> bytes:
    """A whole answer: JSON, or bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n" % (len(data), head) + data


def slowly(parts: Iterator[bytes], pause: float = 0.02) -> Saying:
    """One part after another, with a pause before each, for as long as somebody listens."""

    def say(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)

    return say
