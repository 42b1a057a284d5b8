"""The client's way to a server: a pool of connections on our network, and answers of no more than a sensible size."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache

import httpcore2
import httpx2

from labeldist.core.errors import UsageError
from labeldist.models.server.network import Network

# 128 drawn answers with thoughts of 25,000 tokens each; a list of models, or of a token's rivals, is far shorter.
LARGEST_BODY = 16 << 20
DEFLATED = ("gzip", "x-gzip", "deflate")
EITHER_HEADER = zlib.MAX_WBITS + 32  # gzip's or zlib's own, as it comes
SHOWN = 300


class Transport(httpx2.BaseTransport):
    """Up to ``most`` connections at a time; ``proxy``: its address, or None; ``largest``: most bytes of an answer."""

    def __init__(self, network: Network, most: int, proxy: str | None, largest: int = LARGEST_BODY) -> None:
        self._pool = _pool(network, most, proxy)
        self._largest = largest

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it; the answer's body comes unpacked, and fails beyond its limit."""
        assert isinstance(request.stream, httpx2.SyncByteStream)
        url = request.url
        sent = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _clients_errors():
            response = self._pool.handle_request(sent)
        assert isinstance(response.stream, Iterable)
        headers = httpx2.Headers(response.headers)
        encoding = headers.pop("content-encoding", "identity").strip().lower()
        stream = _Body(response.stream, encoding, self._largest)
        return httpx2.Response(response.status, headers=headers, stream=stream, extensions=response.extensions)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    """A body that fails beyond a size that no answer has, as it comes or unpacked.

    Some servers pack answers although they are asked not to.
    """

    def __init__(self, inner: Iterable[bytes], encoding: str, largest: int = LARGEST_BODY) -> None:
        self._inner = inner
        self._encoding = encoding
        self._largest = largest

    def __iter__(self) -> Iterator[bytes]:
        if self._encoding not in ("identity", "", *DEFLATED):
            raise httpx2.ReadError(f"an answer packed as {cut(self._encoding)}, which was not asked for")
        packed = zlib.decompressobj(EITHER_HEADER) if self._encoding in DEFLATED else None
        size = 0
        for part in self._parts():
            if packed is not None:
                try:
                    part = packed.decompress(part, self._largest + 1 - size)
                except zlib.error:
                    raise httpx2.ReadError("an answer that cannot be unpacked") from None
            size += len(part)
            if size > self._largest:
                raise httpx2.ReadError(f"an answer of more than {self._largest:,} bytes")
            yield part

    def _parts(self) -> Iterator[bytes]:
        with _clients_errors():
            yield from self._inner

    def close(self) -> None:
        if hasattr(self._inner, "close"):
            self._inner.close()


@contextmanager
def _clients_errors() -> Iterator[None]:
    """The errors of connections as the client of the protocol knows them."""
    try:
        yield
    except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
        raise httpx2.ConnectError(str(error)) from error
    except httpcore2.TimeoutException as error:
        raise httpx2.ReadTimeout(str(error)) from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.ProxyError, OSError) as error:
        raise httpx2.ReadError(str(error)) from error


def cut(text: str) -> str:
    """``text``, or its beginning where it is too long to be shown."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust; read once, since reading takes a tenth of a second."""
    return httpx2.create_ssl_context()


def _pool(network: Network, most: int, proxy: str | None) -> httpcore2.ConnectionPool:
    # One more than is asked at a time: whoever looks whether the endpoint is alive does not wait for the others.
    limits = {"max_connections": most + 1, "max_keepalive_connections": most + 1, "keepalive_expiry": 5.0}
    context = _certificates()
    if proxy is None:
        return httpcore2.ConnectionPool(ssl_context=context, network_backend=network, **limits)  # type: ignore[arg-type]
    try:
        through = httpx2.Proxy(proxy)
        url = httpcore2.URL(
            scheme=through.url.raw_scheme, host=through.url.raw_host, port=through.url.port, target=b"/"
        )
        kind = httpcore2.SOCKSProxy if through.url.scheme.startswith("socks5") else httpcore2.HTTPProxy
        return kind(
            proxy_url=url,
            proxy_auth=through.raw_auth,
            ssl_context=context,
            network_backend=network,
            **limits,  # type: ignore[arg-type]
        )
    except (ValueError, ImportError, httpx2.InvalidURL) as error:
        raise UsageError(
            f"a proxy in the environment that cannot be used: {error}",
            hint="set http_proxy or https_proxy to http://HOST:PORT, or no_proxy to the server's name",
        ) from None
