"""An OpenAI-compatible server that can do as little as wanted, and fails in every way that real ones do.

Its answers come from a hash of the prompt, so they are known without it. It counts what it was asked.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "faulty"
KEY = "sk-test-4fJq8Zt1Lw0VxR7c"
FAULTS = (
    "429", "429 after", "500", "503 after", "hang", "cut", "reset", "no JSON", "no logprobs", "reshaped", "trickle",
)  # fmt: skip
LETTERS = "ABCDEFGH"


@dataclass
class Behaviour:
    """What the server can do, and how it fails.

    ``fault(prompt, tries)`` names one of FAULTS for a request, or None; ``tries`` counts from 0. ``lists``: how many of
    the likeliest tokens it lists (0: it knows no log-probabilities). ``exact``: it tokenizes, and knows tokens that are
    asked for. ``models``: the status with which it answers who wants the list of models. ``says``: the text that it
    writes, whatever it is asked. ``chat``: it takes chats (else prompts only). ``limit``: the only name of the limit
    that it takes. ``thoughts``: the model thinks for so many tokens first. ``key``: what it asks for. ``slow``: seconds
    that a fault lasts which ends by itself.
    """

    fault: Callable[[str, int], str | None] = lambda prompt, tries: None
    refuses: Callable[[str], str | None] = lambda prompt: None
    lists: int = 20
    exact: bool = False
    chat: bool = True
    limit: str = "max_tokens"
    thoughts: int = 0
    one_choice: bool = False
    usage: bool = True
    models: int = 200
    says: str | None = None
    logits: bool = False
    key: str | None = None
    slow: float = 5.0
    seconds: float = 0.0


@dataclass
class Seen:
    """What it was asked: tries and complete answers per prompt, requests that it refused unread, the most at a time,
    headers of the last request."""

    tries: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    at_once: int = 0
    under_way: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    bodies: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=50))
    lock: threading.Lock = field(default_factory=threading.Lock)


def log_probabilities(prompt: str) -> dict[str, float]:
    """The model: log-probabilities of 20 letters and of a space before them; the rest of the mass is elsewhere."""
    digest = hashlib.sha256(prompt.encode()).digest()
    weights = {letter: 1 + digest[at] for at, letter in enumerate("ABCDEFGHIJKLMNOPQRST")}
    weights |= {" " + letter: (1 + digest[31 - at]) / 8 for at, letter in enumerate("ABCDEFGH")}
    total = sum(weights.values()) * 1.02
    return {token: math.log(weight / total) for token, weight in weights.items()}


def serving(behaviour: Behaviour) -> AbstractContextManager[tuple[str, Seen]]:
    """Serve on a free port of this machine; gives the address (with ``/v1``) and what was seen."""
    return serving_with(_Handler, behaviour)


@contextmanager
def serving_with(handler: type[_Handler], behaviour: Behaviour) -> Iterator[tuple[str, Seen]]:
    """As :func:`serving`, with another handler."""
    seen = Seen()

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # clients that give up are what is tested

    class Handler(handler):  # type: ignore[misc, valid-type]
        pass

    Handler.behaviour, Handler.seen = behaviour, seen
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", seen
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behaviour: Behaviour
    seen: Seen

    def log_message(self, *_: Any) -> None:
        pass

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(6, 1, 1)  # TCP_NODELAY: headers and body are two writes

    def do_GET(self) -> None:
        self.seen.headers = dict(self.headers)
        if not self._allowed():
            return
        if self.path == "/v1/models" and self.behaviour.models != 200:
            self._error(self.behaviour.models, "no list for you")
        elif self.path == "/v1/models":
            self._send(200, {"object": "list", "data": [{"id": MODEL, "root": "weights-1"}, {"id": "other"}]})
        else:
            self._send(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.headers = dict(self.headers)
        if not self._allowed():
            return
        with self.seen.lock:
            self.seen.under_way += 1
            self.seen.at_once = max(self.seen.at_once, self.seen.under_way)
            self.seen.bodies.append(body)
        try:
            self._answer(body)
        finally:
            with self.seen.lock:
                self.seen.under_way -= 1

    def _allowed(self) -> bool:
        given = self.headers.get("Authorization", "")
        if self.behaviour.key is None or given == f"Bearer {self.behaviour.key}":
            return True
        self._error(401, f"Incorrect API key provided: {given.removeprefix('Bearer ')}, also {given[7:20]}***")
        return False

    def _answer(self, body: dict[str, Any]) -> None:
        behaviour = self.behaviour
        if behaviour.exact and self.path in ("/tokenize", "/detokenize"):
            self._send(200, _tokenized(body) if self.path == "/tokenize" else {"prompt": _text(body["tokens"])})
        elif self.path not in ("/v1/chat/completions", "/v1/completions"):
            self._send(404, {"detail": "Not Found"})
        elif body["model"] != MODEL:
            self._error(404, f"The model `{body['model']}` does not exist.")
        elif refusal := self._refusal(body):
            with self.seen.lock:
                self.seen.refused += 1
            self._error(400, refusal)
        else:
            self._complete(body)

    def _refusal(self, body: dict[str, Any]) -> str | None:
        """What it says of a request that it does not take, if so."""
        behaviour = self.behaviour
        if behaviour.chat != (self.path == "/v1/chat/completions"):
            return "this model has no chat template" if not behaviour.chat else "chats only"
        if behaviour.limit not in body:
            return f"Unsupported parameter: use '{behaviour.limit}' instead."
        wanted = body["top_logprobs"] if "top_logprobs" in body else body.get("logprobs") or 0
        if wanted > behaviour.lists > 0:
            return f"top_logprobs must be at most {behaviour.lists}"
        return None

    def _complete(self, body: dict[str, Any]) -> None:
        prompt = body["messages"][0]["content"] if self.behaviour.chat else body["prompt"]
        with self.seen.lock:
            tries = self.seen.tries[prompt]
            self.seen.tries[prompt] += 1
        refusal = self.behaviour.refuses(prompt)
        if refusal:
            self._error(400, refusal)
            return
        fault = self.behaviour.fault(prompt, tries)
        if fault:
            with self.seen.lock:
                self.seen.faults[fault] += 1
            self._fail(fault, body, prompt)
            return
        time.sleep(self.behaviour.seconds)
        # Counted before the last byte, so that whoever has an answer finds it counted.
        data = self._completed(body, prompt)
        with self.seen.lock:
            self.seen.answered[prompt] += 1
        self._send(200, data)

    def _fail(self, fault: str, body: dict[str, Any], prompt: str) -> None:
        echo = f"you sent {self.headers.get('Authorization', 'no key')}"
        whole = self._completed(body, prompt)
        match fault:
            case "429" | "500":
                self._error(int(fault), echo)
            case "429 after" | "503 after":
                self._error(int(fault[:3]), echo, {"Retry-After": "0.05"})
            case "hang":
                time.sleep(self.behaviour.slow)
                self.close_connection = True
            case "reset":
                self.close_connection = True
            case "cut":
                data = json.dumps(whole).encode()
                self._head(200, len(data))
                self.wfile.write(data[: len(data) // 2])
                self.close_connection = True
            case "no JSON":
                self._send_bytes(200, json.dumps(whole).encode()[:-20])
            case "no logprobs":
                whole["choices"][0]["logprobs"] = None
                self._send(200, whole)
            case "reshaped":
                whole["choices"][0]["logprobs"] = {"content": [{"tokens": {"A": "-0.5"}}]}
                self._send(200, whole)
            case "trickle":
                data = json.dumps(whole).encode()
                self._head(200, len(data))
                end = time.monotonic() + self.behaviour.slow
                for byte in data:
                    if time.monotonic() > end:
                        break
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(0.05)
                self.close_connection = True
            case _:
                raise AssertionError(fault)

    def _completed(self, body: dict[str, Any], prompt: str) -> dict[str, Any]:
        behaviour = self.behaviour
        count = 1 if behaviour.one_choice else body.get("n") or 1
        most = body[behaviour.limit]
        found = log_probabilities(prompt)
        best = max("ABC", key=lambda letter: found[letter])
        new = min(most, behaviour.thoughts + 2)
        text = "" if behaviour.thoughts >= most else f"{best}. Because." if most > 1 else best
        text = text if behaviour.says is None else behaviour.says
        choices = [self._choice(index, text, new >= most, body, found) for index in range(count)]
        usage = {
            "prompt_tokens": len(prompt),
            "completion_tokens": new * count,
            "total_tokens": len(prompt) + new * count,
        }
        if behaviour.thoughts:
            usage["completion_tokens_details"] = {"reasoning_tokens": min(new, behaviour.thoughts)}  # type: ignore[assignment]
        return {"object": "chat.completion", "choices": choices, **({"usage": usage} if behaviour.usage else {})}

    def _choice(
        self, index: int, text: str, cut: bool, body: dict[str, Any], found: dict[str, float]
    ) -> dict[str, Any]:
        behaviour = self.behaviour
        told: Any = None
        if behaviour.lists and body.get("logprobs") not in (None, False):
            shown = sorted(found.items(), key=lambda pair: -pair[1])[: behaviour.lists]
            if behaviour.exact and "logprob_token_ids" in body:
                shown = [(f"token_id:{token}", found.get(chr(token - 1), -30.0)) for token in body["logprob_token_ids"]]
            if behaviour.logits:
                shown = [(token, value + 20) for token, value in shown]
            told = (
                {"content": [{"token": shown[0][0], "logprob": shown[0][1],
                              "top_logprobs": [{"token": token, "logprob": value} for token, value in shown]}]}
                if behaviour.chat
                else {"tokens": [shown[0][0]], "token_logprobs": [shown[0][1]], "top_logprobs": [dict(shown)]}
            )  # fmt: skip
        where = {"message": {"role": "assistant", "content": text}} if behaviour.chat else {"text": text}
        return {"index": index, **where, "logprobs": told, "finish_reason": "length" if cut else "stop"}

    def _error(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        self._send(status, {"error": {"message": message, "type": "error", "code": status}}, headers)

    def _send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self._send_bytes(status, json.dumps(body).encode(), headers)

    def _send_bytes(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self._head(status, len(data), headers)
        self.wfile.write(data)

    def _head(self, status: int, length: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()


def _tokenized(body: dict[str, Any]) -> dict[str, Any]:
    """A token per byte, one more than the byte; a chat begins with token 0."""
    if "messages" in body:
        return {"tokens": [0, *(byte + 1 for byte in f"[user]{body['messages'][0]['content']}[assistant]".encode())]}
    text = body["prompt"]
    begin = [0] if text.startswith("<s>") or body.get("add_special_tokens", True) else []
    return {"tokens": [*begin, *(byte + 1 for byte in text.removeprefix("<s>").encode())]}


def _text(tokens: list[int]) -> str:
    return "".join("<s>" if token == 0 else bytes([token - 1]).decode() for token in tokens)
