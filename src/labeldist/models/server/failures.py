"""What a request can end in, beside an answer."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from labeldist.core.errors import ModelError, UnavailableError

Meaning = Literal["passing", "lasting", "forbidden", "key", "quota", "missing"]
TOO_MANY, NO_TIME, TOO_EARLY, NOT_IMPLEMENTED = 429, 408, 425, 501
# Errors that OpenAI and others send with status 429 and that no waiting ends.
_QUOTA = re.compile(
    r"insufficient[_ ](?:quota|balance|credits?|funds)|billing_hard_limit|billing hard limit|payment required|"
    r"out of credits|exceeded your current quota",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"invalid[_ ]api[_ ]key|incorrect api key|authentication_error|unauthori[sz]ed|no auth", re.IGNORECASE
)
# What a server says of one text, whatever its code: it will say the same again.
_OF_THE_TEXT = re.compile(
    r"context[_ ](?:length|window|size)|maximum context|(?<!took )(?<!taking )(?<!taken )too long|"
    r"too many (?:input )?tokens|prompt is too|moderation|"
    r"flagged|content[_ -]?(?:filter|policy|management|safety)|safety (?:system|filter|polic)|responsible ai|"
    r"data_inspection|inappropriate|sensitive content|prohibited|recitation|refuses to answer|string_above_max",
    re.IGNORECASE,
)
# A field that this key or model may not use: OpenAI says so with the status of a key that is refused.
_OF_A_FIELD = re.compile(r"\b(?:top_)?logprobs\b|\bparameter\b", re.IGNORECASE)
_LASTING = re.compile(
    r"invalid[_ ]request|bad[_ ]request|unsupported|not supported|invalid[_ ](?:value|param|argument|type)|"
    r"unprocessable|validation[_ ]error|permission|forbidden|not[_ ]found|does not exist|unknown model",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"overload|capacity|rate[_ -]?limit|too many requests|time[d_ -]{0,2}out|upstream|temporar|try again|unavailable|"
    r"internal|disconnect|server[_ ]error|broke off",
    re.IGNORECASE,
)


class Failure(NamedTuple):
    """What a server says of a failure: code or status ("" where it has none), text, kind, and the field it names."""

    code: str
    text: str
    kind: str = ""
    param: str = ""

    @property
    def status(self) -> int | None:
        """The code as a status of the protocol, where it is one."""
        return int(self.code) if re.fullmatch(r"[45]\d\d", self.code) else None

    @property
    def meaning(self) -> Meaning:
        """Whether it may be over soon, lies in the request or the key, or ends it all.

        >>> Failure("502", "provider disconnected").meaning, Failure("", "This text was flagged").meaning
        ('passing', 'lasting')
        """
        status, told = self.status, f"{self.code} {self.kind} {self.text}"
        if status == 402 or (status in (None, 403, TOO_MANY) and _QUOTA.search(told)):
            return "quota"
        if status == 401:
            return "key"
        if status in (404, 405):
            return "missing"
        if status == 403:
            return "lasting" if _OF_A_FIELD.search(told) else "forbidden"
        if status in (TOO_MANY, NO_TIME, TOO_EARLY):
            return "passing"
        if _OF_THE_TEXT.search(told) or (status is not None and status < 500) or status == NOT_IMPLEMENTED:
            return "lasting"
        if status is not None or _PASSING.search(told):
            return "passing"
        if _KEY.search(told):
            return "key"
        return "lasting" if _LASTING.search(told) else "passing"


class PassingError(Exception):
    """A failure that may be over soon: the same request can be made again.

    ``overload``: it says that the server has too much to do. ``after``: seconds that the server asks to wait.
    ``computed``: the server may have computed an answer, and charge for it.
    """

    def __init__(self, reason: str, *, overload: bool, after: float | None = None, computed: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.overload = overload
        self.after = after
        self.computed = computed


class RefusedError(ModelError):
    """The server does not take this request; ``said`` is all that it says, ``param`` the field that it names."""

    def __init__(self, message: str, *, hint: str = "", said: str = "", param: str = "") -> None:
        super().__init__(message, hint=hint)
        self.said = said
        self.param = param


class ForbiddenError(UnavailableError):
    """The server refuses the key, or this request only: then ``of_request`` is the error. Others tell."""

    def __init__(self, message: str, *, hint: str, of_request: RefusedError) -> None:
        super().__init__(message, hint=hint)
        self.of_request = of_request


class NotThereError(UnavailableError):
    """The server does not know the address or the model."""


class MalformedError(Exception):
    """An answer that lacks what was asked for, or has it in another shape; the text says what is wrong."""
