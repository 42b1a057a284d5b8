"""One request to a server through the official client; the one place where its errors become labeldist's."""

from __future__ import annotations

import json
import math
import os
import time
import urllib.request
import weakref
import zlib
from collections.abc import Iterator
from typing import Any

import httpx2
import openai

from labeldist.core.errors import LabeldistError, ModelError, UnavailableError
from labeldist.models.server.endpoint import Endpoint
from labeldist.models.server.failures import (
    TOO_MANY,
    Failure,
    ForbiddenError,
    MalformedError,
    NotThereError,
    PassingError,
    RefusedError,
)
from labeldist.models.server.key import Key, missing_key
from labeldist.models.server.patience import Patience, retry_after
from labeldist.models.server.reply import failure_of
from labeldist.models.server.surrogates import repaired

CONNECTING = 10.0
LARGEST_BODY = 64 << 20
DEFLATED = ("gzip", "x-gzip", "deflate")
EITHER_HEADER = zlib.MAX_WBITS + 32  # gzip's or zlib's own, as it comes
SHOWN = 300


class Connection:
    """Requests to one endpoint; several threads may make them. It never repeats one, and follows no redirect."""

    def __init__(self, endpoint: Endpoint, key: Key | None, patience: Patience, most: int) -> None:
        self.endpoint = endpoint
        self._key = key
        self._patience = patience
        timeout = httpx2.Timeout(patience.timeout, connect=min(CONNECTING, patience.timeout), pool=None)
        transport = _Punctual(httpx2.HTTPTransport(limits=_limits(most), proxy=_proxy(endpoint)), patience.timeout)
        self._options: Any = {"headers": _headers(endpoint, key)}
        self._client = openai.OpenAI(
            api_key=key.reveal() if key else "none",
            base_url=endpoint.url,
            max_retries=0,
            http_client=httpx2.Client(
                transport=transport,
                timeout=timeout,
                follow_redirects=False,
                trust_env=False,
                headers={"Accept-Encoding": "identity"},
            ),
        )

        # The client's connections go with this object, not whenever the client itself is collected.
        weakref.finalize(self, self._client.close)

    def hide(self, text: str) -> str:
        """``text`` without the key."""
        return self._key.hide(text) if self._key else text

    def get(self, path: str) -> Any:
        """The JSON at ``path`` below the endpoint's address, or at an address of the same server.

        It is what the server said, an echoed key included: :meth:`hide` whatever of it is shown or kept.
        """
        return self._parsed(lambda: self._client.get(path, cast_to=httpx2.Response, options=self._options))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON that the server answers to ``body``; :meth:`hide` whatever of it is shown or kept.

        Raises :class:`PassingError` and :class:`MalformedError` for what may go better next time,
        :class:`RefusedError` where the server refuses this request, :class:`UnavailableError` where it would refuse
        any. A failure that comes with the status of a success is one all the same.
        """
        return self._parsed(lambda: self._client.post(path, cast_to=httpx2.Response, body=body, options=self._options))

    def _parsed(self, send: Any) -> Any:
        failure: Exception
        try:
            response = send()
        except openai.APIStatusError as error:
            failure = self._refused(error.response)
        except (openai.APITimeoutError, httpx2.TimeoutException):
            failure = PassingError(f"no answer within {self._patience.timeout:g} s", overload=True, computed=True)
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            failure = self._broken(error)
        except UnicodeError:
            failure = ModelError(
                "a prompt with half a surrogate pair, which has no bytes", hint="correct the item's text"
            )
        else:
            try:
                # JSON is UTF-8, whatever charset a gateway's header names.
                answer = json.loads(response.content.decode("utf-8-sig"))
            except (ValueError, RecursionError):
                failure = MalformedError(f"no JSON: {self._said(_text(response))}")
            else:
                told = failure_of(answer)
                if told is None:
                    return answer
                failure = self._told(told)
        # Outside the handlers, so that no library's error, which may hold the key, hangs on ours.
        raise failure

    def _broken(self, error: Exception) -> Exception:
        cause = error.__cause__ or error
        never_sent = isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout)
        reason = self.hide(str(cause)) or type(cause).__name__
        return PassingError(f"no connection: {_cut(reason)}", overload=False, computed=not never_sent)

    def _refused(self, response: httpx2.Response) -> LabeldistError | PassingError:
        """What a status that is no success means."""
        status, text, name = response.status_code, _text(response), self.endpoint.name
        if 300 <= status < 400:
            to = self._said(response.headers.get("location", "nowhere"))
            return UnavailableError(
                f"{name} sends to another address ({status}), which is not followed: {to}", hint="give that address"
            )
        after = retry_after(response.headers.get("retry-after"))
        if after is not None and after > self._patience.obeyed:
            wait = f"for {after:,.0f} s" if math.isfinite(after) else "ever again"
            return UnavailableError(
                f"{name} wants no request {wait} ({status}): {self._said(text)}",
                hint="the same command goes on from here when it answers again",
            )
        told = Failure(str(status), text, param=_param(text))
        return self._failure(told, f" ({status})", self._said(text), after)

    def _told(self, told: Failure) -> LabeldistError | PassingError:
        """What a failure means that came with the status of a success."""
        said = self._said(told.text)
        if told.meaning in ("forbidden", "missing"):
            told = told._replace(code="400")
        failure = self._failure(told, f" ({self._said(told.code)})" if told.code else "", said, None)
        if isinstance(failure, PassingError):
            failure.computed = True
        return failure

    def _failure(self, told: Failure, code: str, said: str, after: float | None) -> LabeldistError | PassingError:
        """The error for a failure that a server told; ``code`` and ``said`` are shown."""
        name = self.endpoint.name
        match told.meaning:
            case "passing" if told.status == TOO_MANY:
                return PassingError(f"too many requests{code}: {said}", overload=True, after=after)
            case "passing":
                return PassingError(f"server error{code}: {said}", overload=True, after=after)
            case "key":
                return UnavailableError(
                    f"{name} refuses the key{code}: {said}", hint=missing_key(self.endpoint, self._key)
                )
            case "forbidden":
                return ForbiddenError(
                    f"{name} refuses the key{code}: {said}",
                    hint=missing_key(self.endpoint, self._key),
                    of_request=RefusedError(
                        f"{name} refuses this request{code}: {said}",
                        hint="other requests are answered: is it the text?",
                    ),
                )
            case "quota":
                return UnavailableError(
                    f"{name} has no more quota for this key{code}: {said}",
                    hint="see to the account's limits; the same command then goes on from here",
                )
            case "missing":
                return NotThereError(f"{name} is not there{code}: {said}", hint="check the address and the model")
            case "lasting":
                return RefusedError(
                    f"{name} refuses the request{code}: {said}",
                    hint="too long a prompt, or one it does not take?",
                    said=_message(told.text),
                    param=told.param,
                )

    def _said(self, text: str) -> str:
        """What a server says, short and on one line."""
        return _cut(self.hide(" ".join(repaired(_message(text)).split()))) or "(it says nothing)"


def _message(text: str) -> str:
    """The message of an error in the protocol's shape; else all of its text."""
    try:
        body = _first_of(json.loads(text))
        error = body.get("error", body)
        return str(error.get("message") or error) if isinstance(error, dict) else str(error)
    except (ValueError, AttributeError, RecursionError):
        return text


def _first_of(body: Any) -> Any:
    """An error's body; Google puts it in a list."""
    return body[0] if isinstance(body, list) and body else body


def _text(response: httpx2.Response) -> str:
    """The body of an error, whatever bytes it has."""
    return response.content.decode("utf-8", "replace")


def _param(text: str) -> str:
    """The field that an error names: ``param`` of the protocol, or where FastAPI found it."""
    try:
        body = _first_of(json.loads(text))
        error = body.get("error") if isinstance(body.get("error"), dict) else body
        if isinstance(error.get("param"), str):
            return str(error["param"])
        places = body.get("detail")
        return ".".join(map(str, places[0]["loc"])) if isinstance(places, list) else ""
    except (ValueError, AttributeError, KeyError, IndexError, TypeError, RecursionError):
        return ""


class _Punctual(httpx2.BaseTransport):
    """Ends a response that is not complete in time: a client's own timeouts start anew with each byte."""

    def __init__(self, inner: httpx2.BaseTransport, seconds: float) -> None:
        self._inner = inner
        self._seconds = seconds

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        end = time.monotonic() + self._seconds
        response = self._inner.handle_request(request)
        assert isinstance(response.stream, httpx2.SyncByteStream)
        headers = response.headers.copy()
        encoding = headers.pop("content-encoding", "identity").strip().lower()
        return httpx2.Response(
            response.status_code,
            headers=headers,
            stream=_Ending(response.stream, end, encoding),
            extensions=response.extensions,
        )

    def close(self) -> None:
        self._inner.close()


class _Ending(httpx2.SyncByteStream):
    """A stream that fails after a moment, or beyond a size that no answer has, as it comes or unpacked.

    Some servers pack answers although they are asked not to.
    """

    def __init__(self, inner: httpx2.SyncByteStream, end: float, encoding: str) -> None:
        self._inner = inner
        self._end = end
        self._encoding = encoding

    def __iter__(self) -> Iterator[bytes]:
        if self._encoding not in ("identity", "", *DEFLATED):
            raise httpx2.ReadError(f"an answer packed as {_cut(self._encoding)}, which was not asked for")
        packed = zlib.decompressobj(EITHER_HEADER) if self._encoding in DEFLATED else None
        size = 0
        for part in self._inner:
            if time.monotonic() > self._end:
                raise httpx2.ReadTimeout("the answer was not complete in time")
            if packed is not None:
                try:
                    part = packed.decompress(part, LARGEST_BODY + 1 - size)
                except zlib.error:
                    raise httpx2.ReadError("an answer that cannot be unpacked") from None
            size += len(part)
            if size > LARGEST_BODY:
                raise httpx2.ReadError(f"an answer of more than {LARGEST_BODY:,} bytes")
            yield part

    def close(self) -> None:
        self._inner.close()


def _limits(most: int) -> httpx2.Limits:
    return httpx2.Limits(max_connections=most + 1, max_keepalive_connections=most + 1)


def _proxy(endpoint: Endpoint) -> str | None:
    """The proxy that the environment names; none for this machine, where it would only see what nobody need see."""
    if endpoint.loopback or urllib.request.proxy_bypass(endpoint.host):
        return None
    return urllib.request.getproxies().get("https" if endpoint.encrypted else "http")


def _headers(endpoint: Endpoint, key: Key | None) -> dict[str, Any]:
    """What to leave out: the client would send what the environment holds for OpenAI to any server."""
    headers: dict[str, Any] = {} if key else {"Authorization": openai.Omit()}
    if not endpoint.openai:
        custom = os.environ.get("OPENAI_CUSTOM_HEADERS", "").splitlines()
        names = [line.partition(":")[0].strip() for line in custom if ":" in line]
        foreign = (name for name in names if name.lower() != "authorization")
        headers |= {name: openai.Omit() for name in ("OpenAI-Organization", "OpenAI-Project", *foreign)}
    return headers


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
