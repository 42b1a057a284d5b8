"""The batch endpoints of OpenAI's protocol over the model of ``fault_server``, as a process that outlives its clients.

It does to batches what real providers do, and notes all that it is asked and answers: in a folder, so that a test can
look at it whenever, and in memory.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.fault_server import Behaviour, Seen, _Handler, serving_with

Lines = list[dict[str, Any]]


@dataclass
class Batches:
    """What a provider holds and does.

    ``end(number)``: how the batch with that number (from 0) ends. ``fails(prompt, tries)``: for a line, a status that
    is no success, ``lost`` for no line at all, ``odd`` for an answer without log-probabilities, or None. ``reorder``:
    what becomes of the lines of results. ``looks``: so many looks find a batch in progress. ``absent``: it knows no
    batches. ``dropped``: requests that are carried out, and whose answer never comes, as in ``POST /v1/batches``.
    """

    end: Callable[[int], str] = lambda number: "completed"
    fails: Callable[[str, int], int | str | None] = lambda prompt, tries: None
    reorder: Callable[[Lines], Lines] = lambda lines: lines
    errors: Callable[[int], list[dict[str, str]]] = lambda number: []
    looks: int = 1
    absent: bool = False
    dropped: Counter[str] = field(default_factory=Counter)
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    requests: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def sizes(self) -> list[int]:
        """The lines of each batch."""
        return [len(self.files[one["input_file_id"]].splitlines()) for one in self.batches.values()]


@contextmanager
def serving_batches(batches: Batches, behaviour: Behaviour | None = None) -> Iterator[tuple[str, Seen]]:
    """Serve on a free port of this machine; gives the address (with ``/v1``) and what was asked outside batches."""

    class Handler(_BatchHandler):
        held = batches

    with serving_with(Handler, behaviour or Behaviour(lists=28)) as served:
        yield served


class _BatchHandler(_Handler):
    held: Batches

    def do_GET(self) -> None:  # noqa: N802
        path = urlsplit(self.path)
        if not path.path.startswith(("/v1/files", "/v1/batches")):
            super().do_GET()
        elif self._allowed():
            self._carried_out("GET", path.path, parse_qs(path.query))

    def do_POST(self) -> None:  # noqa: N802
        if self.path not in ("/v1/files", "/v1/batches"):
            super().do_POST()
        elif self._allowed():
            self._carried_out("POST", self.path, {})

    def _carried_out(self, method: str, path: str, query: dict[str, list[str]]) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = method + " " + re.sub(r"/(file|batch)[-_]\w+", "/ID", path)
        with self.held.lock:
            self.held.requests.append(request)
            answer = self._of_batches(method, path, query, body)
            dropped = self.held.dropped[request] > 0
            self.held.dropped[request] -= dropped
        if dropped:
            self.close_connection = True
        elif answer is None or self.held.absent:
            self._error(404, "no such file or batch")
        elif isinstance(answer, bytes):
            self._send_bytes(200, answer)
        else:
            self._send(200, answer)

    def _of_batches(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> Any:
        parts = path.split("/")[2:]
        match (method, parts):
            case ("POST", ["files"]):
                return self._uploaded(body)
            case ("POST", ["batches"]):
                return self._created(json.loads(body))
            case ("GET", ["batches"]):
                return self._listed(query)
            case ("GET", ["batches", name]):
                return self._looked_at(name)
            case ("GET", ["files", name, "content"]):
                return self.held.files.get(name)
        return None

    def _uploaded(self, body: bytes) -> dict[str, Any]:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
        found = {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in message.iter_parts()  # type: ignore[attr-defined]
        }
        assert found["purpose"] == b"batch"
        name = f"file-{len(self.held.files)}x{hashlib.sha256(found['file']).hexdigest()[:6]}"
        self.held.files[name] = found["file"]
        return {"id": name, "object": "file", "purpose": "batch", "bytes": len(found["file"]), "status": "processed"}

    def _created(self, wanted: dict[str, Any]) -> dict[str, Any]:
        assert wanted["completion_window"] == "24h"
        name = f"batch_{len(self.held.batches)}"
        self.held.batches[name] = {
            "id": name, "object": "batch", "status": "validating", "looks": 0, "errors": None, "output_file_id": None,
            "error_file_id": None, "created_at": len(self.held.batches), **wanted,
        }  # fmt: skip
        for line in self.held.files[wanted["input_file_id"]].splitlines():
            self.held.asked[json.loads(line)["custom_id"]] += 1
        return self.held.batches[name]

    def _listed(self, query: dict[str, list[str]]) -> dict[str, Any]:
        newest = list(self.held.batches.values())[::-1]
        after = query.get("after", [None])[0]
        start = 1 + next((at for at, one in enumerate(newest) if one["id"] == after), -1)
        page = newest[start : start + 2]
        return {"object": "list", "data": page, "has_more": start + 2 < len(newest)}

    def _looked_at(self, name: str) -> dict[str, Any] | None:
        batch = self.held.batches.get(name)
        if batch is None:
            return None
        batch["looks"] += 1
        if batch["status"] in ("validating", "in_progress"):
            batch["status"] = "in_progress"
            if batch["looks"] > self.held.looks:
                self._end(batch)
        return batch

    def _end(self, batch: dict[str, Any]) -> None:
        number = int(batch["id"].rpartition("_")[2])
        batch["status"] = self.held.end(number)
        if batch["status"] == "failed":
            batch["errors"] = {"object": "list", "data": self.held.errors(number)}
            return
        lines = [json.loads(line) for line in self.held.files[batch["input_file_id"]].splitlines()]
        done = lines if batch["status"] == "completed" else lines[: len(lines) // 2]
        results = [one for one in (self._result(line, batch["endpoint"]) for line in done) if one is not None]
        errors = [
            {"id": "x", "custom_id": line["custom_id"], "response": None,
             "error": {"code": f"batch_{batch['status']}", "message": "This request could not be executed."}}
            for line in lines[len(done) :: 2]
        ]  # fmt: skip
        for kind, rows in (("output", self.held.reorder([r for r in results if _is_good(r)])),
                           ("error", [*(r for r in results if not _is_good(r)), *errors])):  # fmt: skip
            if rows:
                batch[f"{kind}_file_id"] = f"file-{batch['id']}{kind}"
                content = "".join(json.dumps(row) + "\n" for row in rows).encode()
                self.held.files[f"file-{batch['id']}{kind}"] = content
        batch["request_counts"] = {"total": len(lines), "completed": len(results), "failed": 0}

    def _result(self, line: dict[str, Any], endpoint: str) -> dict[str, Any] | None:
        assert line["url"] == endpoint
        assert line["method"] == "POST"
        prompt = line["body"]["messages"][0]["content"]
        fails = self.held.fails(prompt, self.held.asked[line["custom_id"]] - 1)
        if fails == "lost":
            return None
        head = {"id": "batch_req_1", "custom_id": line["custom_id"]}
        if isinstance(fails, int):
            told = {"error": {"message": f"failed with {fails}; you sent {self.headers['Authorization']}"}}
            return {**head, "response": {"status_code": fails, "request_id": "r", "body": told}, "error": None}
        body = self._completed(line["body"], prompt)
        if fails == "odd":
            body["choices"][0]["logprobs"] = None
        self.held.answered[line["custom_id"]] += fails is None
        return {**head, "response": {"status_code": 200, "request_id": "r", "body": body}, "error": None}


def _is_good(row: dict[str, Any]) -> bool:
    return bool(row["response"]["status_code"] == 200)


def run_batch(questions: bytes, behaviour: Behaviour | None = None) -> bytes:
    """What ``vllm run-batch -i`` makes of a file: a line for each, in its order, with vLLM's fields."""
    handler = _Handler.__new__(_Handler)
    handler.behaviour = behaviour or Behaviour(lists=28)
    rows = []
    for line in map(json.loads, questions.splitlines()):
        assert line.keys() == {"custom_id", "method", "url", "body"}
        assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
        body = handler._completed(line["body"], line["body"]["messages"][0]["content"])
        response = {"status_code": 200, "request_id": "vllm-batch-1", "body": body}
        rows.append({"id": "vllm-1", "custom_id": line["custom_id"], "response": response, "error": None})
    return "".join(json.dumps(row) + "\n" for row in rows).encode()
