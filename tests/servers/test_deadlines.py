"""A request is over when its time is, whatever the server drips; and nothing of that reaches the next request."""

from __future__ import annotations

import itertools
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpcore2
import pytest
from tests.servers.raw_server import MODEL, answer, saying, slowly

from labeldist.core.errors import UnavailableError, UsageError
from labeldist.models.budget import Budget
from labeldist.models.server.asking import Asking
from labeldist.models.server.connection import Connection
from labeldist.models.server.endpoint import read_endpoint
from labeldist.models.server.failures import PassingError
from labeldist.models.server.network import Network
from labeldist.models.server.patience import Patience
from labeldist.models.server.reply import replies

SECONDS = 0.3
GOOD = {"choices": [{"message": {"content": "A"}, "finish_reason": "stop"}]}
BODY = {"model": MODEL, "messages": [{"role": "user", "content": "Is it?"}], "max_tokens": 1}


def connected(url: str, seconds: float = SECONDS, **patience: Any) -> Connection:
    return Connection(read_endpoint(f"{MODEL}@{url}"), None, Patience(timeout=seconds, **patience), 4)


def ask(connection: Connection) -> Any:
    return connection.post("/chat/completions", BODY)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def letters(text: bytes, ever: bytes = b"") -> Iterator[bytes]:
    """The text byte by byte, then ``ever`` again and again."""
    return itertools.chain((bytes([one]) for one in text), itertools.repeat(ever) if ever else ())


DRIPS: dict[str, Callable[[], Iterator[bytes]]] = {
    "status line": lambda: letters(b"HTTP/1.1 200 ", b"O"),
    "header": lambda: letters(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "headers": lambda: letters(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "100 Continue": lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "chunk size": lambda: letters(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "chunks": lambda: letters(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "trailers": lambda: letters(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    "body": lambda: letters(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b" "),
    "body to the end": lambda: letters(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b" "),
    "nothing": lambda: letters(b""),
}


@pytest.mark.parametrize("where", DRIPS)
def test_a_drip_holds_no_request(where: str) -> None:
    late = pytest.raises(PassingError, match=r"no answer within 0\.3 s")
    with saying(slowly(DRIPS[where]())) as url, within(SECONDS + 0.7), late as failure:
        ask(connected(url))
    assert failure.value.overload, "the window must close"
    assert failure.value.computed, "it may have been paid for"


def test_a_body_that_ends_with_the_connection_is_not_taken_for_whole_when_its_time_is_over() -> None:
    """Shutting the socket looks to the client as if the server had said all: here that would be JSON."""
    whole = b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"choices": []}'
    with saying(lambda socket_: socket_.sendall(whole)) as url, pytest.raises(PassingError, match="no answer within"):
        ask(connected(url))


def test_a_reader_that_takes_in_little_at_a_time_holds_no_request() -> None:
    """Each part that goes out is in time; only the end of it all is not."""
    listening = socket.create_server(("127.0.0.1", 0))

    def sip() -> None:
        connection, _ = listening.accept()
        with suppress(OSError), connection:
            while connection.recv(100_000):
                time.sleep(0.05)

    threading.Thread(target=sip, daemon=True).start()
    big = {**BODY, "messages": [{"role": "user", "content": "x" * 20_000_000}]}
    with listening, within(SECONDS + 1.2), pytest.raises(PassingError, match="no answer within"):
        connected(f"http://127.0.0.1:{listening.getsockname()[1]}/v1").post("/chat/completions", big)


def test_a_handshake_that_never_ends_holds_no_request() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    with listening, within(SECONDS + 0.7), pytest.raises(PassingError, match="no connection"):
        ask(connected(f"https://127.0.0.1:{listening.getsockname()[1]}/v1"))


def test_a_name_that_is_looked_up_for_ever_holds_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(3) or [])
    with within(SECONDS + 0.7), pytest.raises(PassingError, match="no connection to somewhere"):
        ask(connected("http://somewhere.invalid/v1"))


def test_all_addresses_of_a_name_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with saying(lambda socket_: socket_.sendall(answer(GOOD))) as url:
        port = int(url.split(":")[2].removesuffix("/v1"))
        found = [(0, 0, 0, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]
        real = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *a, **k: found if host == "somewhere" else real(host, *a, **k)
        )
        assert ask(connected(f"http://somewhere:{port}/v1")) == GOOD


def test_a_deadline_ends_with_its_request_and_connections_are_used_again() -> None:
    """Many requests whose times overlap, each short, over the same two connections: none is cut by an earlier one."""
    made: set[int] = set()

    def say(connection: socket.socket) -> None:
        made.add(connection.getpeername()[1])
        time.sleep(0.04)
        connection.sendall(answer(GOOD))

    with saying(say) as url:
        connection = connected(url)
        for _ in range(12):  # in all, longer than one deadline
            assert ask(connection) == GOOD
        assert len(made) == 1
        time.sleep(SECONDS)
        assert ask(connection) == GOOD, "the end of an earlier request came to this one"


def test_requests_under_way_can_be_cancelled_and_others_made() -> None:
    silent = threading.Event()
    with saying(lambda socket_: None if silent.is_set() else socket_.sendall(answer(GOOD))) as url:
        connection = connected(url, seconds=60)
        assert ask(connection) == GOOD
        silent.set()
        failed: list[BaseException] = []

        def lost() -> None:
            try:
                ask(connection)
            except PassingError as error:
                failed.append(error)

        threads = [threading.Thread(target=lost) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        with within(1.0):
            connection.cancel()
            for thread in threads:
                thread.join()
        assert len(failed) == 3
        silent.clear()
        assert ask(connection) == GOOD


def test_no_request_more_after_a_stop_and_later_calls_are_answered() -> None:
    patience = Patience(timeout=60, first=30.0, longest=30.0)
    busy = threading.Event()
    busy.set()
    asked = [0]

    def say(connection: socket.socket) -> None:
        asked[0] += 1
        connection.sendall(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n" if busy.is_set() else answer(GOOD))

    with saying(say) as url:
        asking = Asking(Connection(read_endpoint(f"{MODEL}@{url}"), None, patience, 4), patience, Budget(), 4)

        def once() -> Any:
            return asking.answer("/chat/completions", BODY, replies, prompt="Is it?", new_tokens=1)

        errors: list[BaseException] = []

        def waiting() -> None:
            try:
                once()
            except UnavailableError as error:
                errors.append(error)

        threads = [threading.Thread(target=waiting) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        before = asked[0]
        with within(1.0):
            asking.stop()
            for thread in threads:
                thread.join()
        assert len(errors) == 3
        assert asked[0] == before
        busy.clear()
        assert once()[0][0].text == "A"


def test_long_waits_are_told_while_they_last_and_end_the_run_when_they_are_too_long(
    caplog: pytest.LogCaptureFixture,
) -> None:
    patience = Patience(timeout=5, told=0.1, obeyed=1.0)

    def say(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 503 X\r\nRetry-After: 0.4\r\nContent-Length: 0\r\n\r\n")

    with saying(say) as url, caplog.at_level(logging.WARNING), within(3.0):
        asking = Asking(Connection(read_endpoint(f"{MODEL}@{url}"), None, patience, 4), patience, Budget(), 4)
        with pytest.raises(UnavailableError, match=r"lets nobody in for 1 s.*503") as failure:
            asking.answer("/chat/completions", BODY, replies, prompt="Is it?", new_tokens=1)
    assert "resumes here" in failure.value.hint
    assert len(caplog.messages) > 3, "told once for each wait, and not while it lasts"
    assert "asks again in" in caplog.messages[0]


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..b", "-a.b", "*", "a" + ".a" * 130, "[::g]", "ä" * 60])
def test_names_that_cannot_be_are_named(host: str) -> None:
    with pytest.raises(UsageError, match=r"host name that cannot be|cannot be read"):
        read_endpoint(f"{MODEL}@http://{host}/v1")


def test_a_name_that_the_client_does_not_take_is_no_traceback() -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        connected("http://☃.example/v1")


def test_a_proxy_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "ftp://proxy:1")
    with pytest.raises(UsageError, match="a proxy in the environment"):
        connected("http://somewhere.example/v1")


def test_a_wait_that_is_over_before_it_begins_does_not_begin() -> None:
    network = Network()
    with network.within(0.01) as deadline:
        time.sleep(0.05)
        with pytest.raises(httpcore2.ReadTimeout), deadline.wakes(lambda: None):
            raise AssertionError("unreachable")
