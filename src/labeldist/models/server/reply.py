"""What a choice of an answer says: its text without any thoughts, why it ended, and whether it failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from labeldist.models.server.failures import Failure, MalformedError
from labeldist.models.server.thoughts import said
from labeldist.models.server.utf16 import repair_utf16

# Where servers put thoughts that they took out of the text: fields of a message, and parts of its content.
THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking", "reasoning_details", "thinking_blocks")
THOUGHT_PARTS = ("thinking", "reasoning", "thought", "redacted_thinking", "reasoning_content")
TEXT_PARTS = ("text", "output_text")
# Why a choice ended, where it is no answer: the server broke off, or will not have it said.
BROKEN_OFF = ("error", "abort", "aborted", "cancelled", "canceled", "insufficient_system_resource", "timeout")
FILTERED = (
    "content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content", "spii", "refusal",
    "sensitive", "moderation", "guardrail_intervened", "language", "image_safety",
)  # fmt: skip
NO_ERROR = ("", "0", "none", "null", "200", "ok", "success")


@dataclass(frozen=True, slots=True)
class Reply:
    """One choice: its ``text`` behind any thoughts, and why it ``ended`` (``stop``, ``length``).

    ``thought``: it shows that the model thought first; ``inline``: in the text itself; ``open``: its last thought has
    no end, so that there is no answer. ``whole``: all that can be seen of it, thoughts included.
    """

    text: str
    ended: str
    thought: bool = False
    inline: bool = False
    open: bool = False
    whole: str = field(default="", repr=False)

    @property
    def cut(self) -> bool:
        """Whether the limit of new tokens ended it."""
        return self.ended.lower() in ("length", "max_tokens", "max_output_tokens")


def replies(answer: Any) -> list[Reply]:
    """What each choice of an answer says, of chats and of bare completions; :class:`MalformedError` where none does.

    >>> replies({"choices": [{"message": {"content": "<think>A?</think> B"}, "finish_reason": "stop"}]})
    [Reply(text='B', ended='stop', thought=True, inline=True, open=False)]
    """
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if not isinstance(choices, list) or not choices:
        raise MalformedError("no choices")
    return [_reply(choice) for choice in choices]


def thinks(answer: Any) -> bool:
    """Whether an answer, as far as it goes, shows that the model thinks first.

    >>> thinks({"choices": [{"message": {"content": None, "reasoning": "The sun"}}]})
    True
    """
    usage = answer.get("usage") if isinstance(answer, dict) else None
    details = usage.get("completion_tokens_details") if isinstance(usage, dict) else None
    counted = isinstance(details, dict) and bool(details.get("reasoning_tokens"))
    return counted or any(reply.thought for reply in replies(answer))


def failure_of(answer: Any) -> Failure | None:
    """The failure that an answer tells of although its status is that of a success; None where it tells of none.

    >>> failure_of({"error": {"code": 502, "message": "provider disconnected"}})
    Failure(code='502', text='provider disconnected', kind='', param='')
    >>> failure_of({"choices": [{"message": {"content": "1. The"}, "finish_reason": "error"}]}).text
    'the server broke off its answer (error)'
    """
    if isinstance(answer, list) and len(answer) == 1:
        [answer] = answer  # so Google puts errors
    if not isinstance(answer, dict):
        return None
    found = _error(answer.get("error"))
    choices = answer.get("choices")
    if found is None and not isinstance(choices, list):
        found = _of_another_shape(answer)
    for choice in choices if found is None and isinstance(choices, list) else ():
        if isinstance(choice, dict):
            found = found or _error(choice.get("error")) or _ended_badly(choice)
    return found


def _reply(choice: Any) -> Reply:
    try:
        message = choice.get("message", choice)
        content = message["content"] if "message" in choice else choice["text"]
        ended = str(choice.get("finish_reason"))
        aside = [message[name] for name in THOUGHT_FIELDS if message.get(name)]
    except (KeyError, TypeError, AttributeError):
        raise MalformedError("a choice without a text") from None
    text, parted = _joined(content)
    found = said(repair_utf16(text))
    thought = bool(aside) or parted or found.thought
    return Reply(found.text, ended, thought, found.thought, found.open, f"{content}{aside}")


def _joined(content: Any) -> tuple[str, bool]:
    """The text of a content, which may come in parts, and whether some of these are thoughts."""
    if content is None or isinstance(content, str):
        return content or "", False
    if not isinstance(content, list):
        raise MalformedError("a text that is none")
    told: list[str] = []
    thought = False
    for part in content:
        kind = part.get("type", TEXT_PARTS[0]) if isinstance(part, dict) else None
        text = part if isinstance(part, str) else part.get("text") if isinstance(part, dict) else None
        if kind in THOUGHT_PARTS:
            thought = True
        elif kind == "refusal":
            continue  # a failure, which failure_of tells
        elif isinstance(text, dict) and isinstance(text.get("value"), str):
            told.append(text["value"])
        elif isinstance(text, str) and (kind is None or kind in TEXT_PARTS):
            told.append(text)
        else:
            raise MalformedError(f"a part of a text that is none: {str(kind)[:40]}")
    return "".join(told), thought


def _error(told: Any) -> Failure | None:
    """The failure in an ``error`` field, whatever its shape."""
    if not told:
        return None
    if not isinstance(told, dict):
        return Failure("", str(told) if not isinstance(told, list) else "; ".join(map(str, told)))
    codes = [told.get(name) for name in ("code", "status_code", "status", "http_code")]
    code = next((str(one) for one in codes if one not in (None, "")), "")
    text = next((str(told[name]) for name in ("message", "detail", "msg", "error") if told.get(name)), "")
    kind = str(told.get("type") or "")
    if not text and not kind and code.lower() in NO_ERROR:
        return None
    return Failure(code, text or str(told), kind, str(told.get("param") or ""))


def _of_another_shape(answer: dict[str, Any]) -> Failure | None:
    """The failure that a body without choices tells of in its own way."""
    base = answer.get("base_resp")
    if isinstance(base, dict) and str(base.get("status_code", 0)) != "0":
        return Failure("", str(base.get("status_msg") or base))
    if str(answer.get("object", "")).lower() == "error" or str(answer.get("type", "")).lower() == "error":
        return _error({key: value for key, value in answer.items() if key != "object"})
    for name in ("detail", "message", "msg", "error_msg", "error_message", "errors"):
        if answer.get(name) and not {"tokens", "data", "prompt"} & answer.keys():
            code = next((answer[key] for key in ("code", "status", "status_code", "error_code") if key in answer), "")
            return Failure(str(code), str(answer[name]))
    return None


def _ended_badly(choice: dict[str, Any]) -> Failure | None:
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    refusal = message.get("refusal")
    content = message.get("content")
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and part.get("type") == "refusal":
            refusal = refusal or part.get("refusal")
    if refusal:
        return Failure("content_filter", f"it refuses to answer: {refusal}")
    ended = [str(choice.get(name) or "").lower() for name in ("finish_reason", "native_finish_reason")]
    text = content or choice.get("text")
    if ended[0] in FILTERED or (ended[1] in FILTERED and not text):
        filtered = next(one for one in ended if one in FILTERED)
        return Failure("content_filter", f"the answer was filtered ({filtered})")
    if ended[0] in BROKEN_OFF or (ended[1] in BROKEN_OFF and not text):
        return Failure("", f"the server broke off its answer ({next(one for one in ended if one in BROKEN_OFF)})")
    return None
