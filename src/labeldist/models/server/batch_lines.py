"""Lines of batch files: a request each, and what came of it, as OpenAI, vLLM and others have them."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from labeldist.models.batch import Result, State
from labeldist.models.server.body import parsed
from labeldist.models.server.failures import Failure, MalformedError
from labeldist.models.server.transport import LARGEST_BODY

OURS = "labeldist-"
ROOT = "/v1"
KEY_LENGTH = 32
OK = 200
# Refused for what the request says: whatever else goes wrong may go better next time.
FOR_GOOD = ("lasting", "forbidden")


def key_of(identity: str, path: str, body: Mapping[str, Any], again: int = 0) -> str:
    """The ``custom_id`` of a request: a hash of the model (name and revision), the path and the body, and nothing else.

    ``again``: how often the same request has been asked before, where answers are drawn.

    >>> key_of("m 1", "/chat/completions", {"n": 2})
    'labeldist-2eaa8200289e928704189de2a6299465'
    """
    content = json.dumps([identity, path, body, again], sort_keys=True)
    return OURS + hashlib.sha256(content.encode()).hexdigest()[:KEY_LENGTH]


def line_of(key: str, path: str, body: Mapping[str, Any]) -> bytes:
    """The line that asks it.

    >>> line_of("k", "/completions", {"prompt": "It rains."})
    b'{"custom_id": "k", "method": "POST", "url": "/v1/completions", "body": {"prompt": "It rains."}}\\n'
    """
    line = {"custom_id": key, "method": "POST", "url": ROOT + path, "body": body}
    return json.dumps(line).encode() + b"\n"


def result_of(line: bytes, hide: Callable[[str], str]) -> Result | None:
    """What a line of results says; None where it is none, or the answer to somebody else's question.

    ``hide`` takes the key out of what a server says.

    >>> answer = b'{"custom_id": "labeldist-1", "response": {"status_code": 200, "body": {"choices": []}}}'
    >>> expired = b'{"custom_id": "labeldist-2", "response": null, "error": {"code": "batch_expired"}}'
    >>> result_of(answer, str).state, result_of(expired, str)
    ('good', Result(key='labeldist-2', state='failed', answer=b'', reason='batch_expired', mark=b''))
    """
    if len(line) > LARGEST_BODY:
        return None
    try:
        row = parsed(line)
        key = row["custom_id"]
    except (MalformedError, KeyError, TypeError):
        return None
    if not isinstance(key, str) or not key.startswith(OURS):
        return None
    response = row.get("response")
    response = response if isinstance(response, dict) else {}
    body, status = response.get("body"), response.get("status_code", OK)
    if isinstance(body, dict) and not row.get("error") and status == OK:
        mark = hashlib.blake2b(json.dumps(body.get("choices"), sort_keys=True).encode(), digest_size=16).digest()
        return Result(key, "good", zlib.compress(line), mark=mark)
    failure = _failure(row.get("error"), body, status)
    return Result(
        key, _state(failure), reason=hide(f"{failure.text} ({failure.code})" if failure.code else failure.text)
    )


def body_of(answer: bytes) -> Any:
    """The body in an answer that :func:`result_of` gave; :class:`MalformedError` where it is that no more."""
    try:
        return parsed(zlib.decompress(answer))["response"]["body"]
    except (zlib.error, KeyError, TypeError):
        raise MalformedError("a damaged line of results") from None


def _failure(error: Any, body: Any, status: Any) -> Failure:
    """What an error says, wherever it stands: beside the response, in its body, or as its status alone."""
    inner = body.get("error", body) if isinstance(body, dict) else None
    told = next((one for one in (error, inner) if isinstance(one, dict) and one), {})
    code = str(told.get("code") or "") if status == OK else str(status)
    text = str(told.get("message") or (error if isinstance(error, str) else "") or "")
    return Failure("" if code == text else code, text or code or "no answer", str(told.get("type") or ""))._replace(
        code=code if text else ""
    )


def _state(failure: Failure) -> State:
    return "refused" if failure.meaning in FOR_GOOD else "failed"
