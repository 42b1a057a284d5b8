"""One request to a server through the official client; the one place where its errors become labeldist's."""

from __future__ import annotations

import math
import os
import urllib.request
import weakref
from collections.abc import Callable
from typing import Any

import httpx2
import openai

from labeldist.core.errors import LabeldistError, ModelError, UnavailableError, UsageError
from labeldist.models.server.body import parsed
from labeldist.models.server.endpoint import EXPECTED, Endpoint
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
from labeldist.models.server.network import Network
from labeldist.models.server.patience import Patience, retry_after
from labeldist.models.server.reply import failure_of
from labeldist.models.server.transport import LARGEST_BODY, Transport, cut
from labeldist.models.server.utf16 import repair_utf16

CONNECTING = 10.0


class Connection:
    """Requests to one endpoint; several threads may make them. It never repeats one, and follows no redirect.

    Each is over when ``patience.timeout`` is: with its name looked up, connected, sent, and answered to the last byte.
    """

    def __init__(
        self, endpoint: Endpoint, key: Key | None, patience: Patience, most: int, largest: int = LARGEST_BODY
    ) -> None:
        self.endpoint = endpoint
        self._key = key
        self._patience = patience
        timeout = httpx2.Timeout(patience.timeout, connect=min(CONNECTING, patience.timeout), pool=None)
        try:
            httpx2.URL(endpoint.url)
        except httpx2.InvalidURL as error:
            raise UsageError(f"model 'server' with an address that cannot be read: {error}", hint=EXPECTED) from None
        self._network = Network()
        self._options: Any = {"headers": _headers(endpoint, key)}
        self._client = openai.OpenAI(
            api_key=key.reveal() if key else "none",
            base_url=endpoint.url,
            max_retries=0,
            http_client=httpx2.Client(
                transport=Transport(self._network, most, _proxy(endpoint), largest),
                timeout=timeout,
                follow_redirects=False,
                trust_env=False,
                headers={"Accept-Encoding": "identity"},
            ),
        )

        # The client's connections go with this object, not whenever the client itself is collected.
        weakref.finalize(self, self._client.close)

    def cancel(self) -> None:
        """End the requests that are under way; their callers get a :class:`PassingError`. Others can be made."""
        self._network.cancel()

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

    def official(self, send: Callable[[openai.OpenAI, dict[str, Any]], Any]) -> bytes:
        """The body that ``send`` gets through the client, with the headers that it is given; errors as of a request.

        Unlike :meth:`post` it takes a body for what it is: what tells of a failure may be what was asked for.
        """
        response: httpx2.Response = self._sent(lambda: send(self._client, self._options["headers"]).http_response)
        return response.content

    def _parsed(self, send: Any) -> Any:
        response = self._sent(send)
        failure: Exception
        try:
            answer = parsed(response.content)
        except MalformedError as error:
            failure = MalformedError(f"{error}: {self._said(_text(response))}")
        else:
            told = failure_of(answer)
            if told is None:
                return answer
            failure = self._told(told)
        raise failure

    def _sent(self, send: Any) -> Any:
        failure: Exception
        try:
            with self._network.within(self._patience.timeout) as deadline:
                return send()
        except openai.APIStatusError as error:
            failure = self._refused(error.response)
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            failure = self._broken(error, late=deadline.over)
        except UnicodeEncodeError:
            failure = ModelError(
                "a prompt with half a surrogate pair, which has no bytes", hint="correct the item's text"
            )
        # Outside the handlers, so that no library's error, which may hold the key, hangs on ours.
        raise failure

    def _broken(self, error: Exception, late: bool) -> PassingError:
        cause = error.__cause__ or error
        never_sent = isinstance(cause, httpx2.ConnectError)
        if (late or isinstance(cause, httpx2.TimeoutException)) and not never_sent:
            return PassingError(f"no answer within {self._patience.timeout:g} s", overload=True, computed=True)
        reason = self.hide(str(cause)) or type(cause).__name__
        return PassingError(f"no connection: {cut(reason)}", overload=False, computed=not never_sent)

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
                hint="rerun the command when it answers again: it resumes here",
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
                    hint="raise the account's limits, then rerun the command: it resumes here",
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
        return cut(self.hide(" ".join(repair_utf16(_message(text)).split()))) or "(it says nothing)"


def _message(text: str) -> str:
    """The message of an error in the protocol's shape; else all of its text."""
    try:
        body = _error_body(text)
        error = body.get("error", body)
        return str(error.get("message") or error) if isinstance(error, dict) else str(error)
    except (MalformedError, AttributeError):
        return text


def _error_body(text: str) -> Any:
    """An error's body; Google puts it in a list."""
    body = parsed(text.encode("utf-8", "surrogatepass"))
    return body[0] if isinstance(body, list) and body else body


def _text(response: httpx2.Response) -> str:
    """The body of an error, whatever bytes it has."""
    return response.content.decode("utf-8", "replace")


def _param(text: str) -> str:
    """The field that an error names: ``param`` of the protocol, or where FastAPI found it."""
    try:
        body = _error_body(text)
        error = body.get("error") if isinstance(body.get("error"), dict) else body
        if isinstance(error.get("param"), str):
            return str(error["param"])
        places = body.get("detail")
        return ".".join(map(str, places[0]["loc"])) if isinstance(places, list) else ""
    except (MalformedError, AttributeError, KeyError, IndexError, TypeError):
        return ""


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
