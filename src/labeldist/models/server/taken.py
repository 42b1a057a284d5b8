"""What a server takes of a request, learnt from what it refuses: a field is left out, or the nearest value is sent."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from labeldist.models.server.failures import RefusedError

LIMITS = ("max_tokens", "max_completion_tokens")
# Without these there is no question, or another kind of answer.
NEEDED = (
    "model", "messages", "prompt", "logprobs", "top_logprobs", "logprob_token_ids", "return_tokens_as_token_ids",
)  # fmt: skip
# What servers call the most new tokens in their messages.
OTHER_NAMES = (
    "max_new_tokens",
    "max_output_tokens",
    "maxoutputtokens",
    "max_length",
    "num_predict",
    "completion tokens",
)
WARM, COLD = 0.01, 0.1
FEW, ROOM_FOR_PROMPT = 16, 2
_NUMBER = re.compile(r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)(?![\w])")
_TOO_FEW = re.compile(
    r"minimum|at least|greater|more than|larger|too (?:small|low|few)|>=?|≥|below|(?:valid|allowed) range|between", re.I
)
_MORE_TOKENS = re.compile(r"(?:several|multiple|more than (?:one|1)|at least \w+) (?:\w+ ){0,2}tokens?\b", re.I)
_TOO_MANY = re.compile(
    r"maximum|at most|less|fewer|smaller|no more|too (?:large|big|high|many|long)|<=?|≤|exceed|up to|"
    r"(?:valid|allowed) range|between",
    re.I,
)
_CONTEXT = re.compile(r"context[ _](?:length|window|size)|maximum context|model's context", re.I)
# One letter is a word of its own; as the name of a field it stands in quotes, or before what it must be.
_N = re.compile(
    r"(?:^|[\s'\"`(\[.])n(?:['\"`\])]|\s*(?:[=:><≤]|must|should|is\b|has|cannot|can\b|to\b|parameter|value|$|>))"
)
_N_IN_WORDS = re.compile(
    r"number of (?:choices|completions|generations)|multiple (?:choices|completions|candidates)|"
    r"(?:only )?one (?:completion )?(?:choice|completion|candidate)|(?:best_of|candidate_?count)",
    re.I,
)
_EITHER = re.compile(r"\bboth\b|only one of|only use one|one of the two|mutually exclusive", re.I)


@dataclass(frozen=True, slots=True)
class Taken:
    """What of a request is sent in another way than it was meant, since the server refuses it as it is.

    ``left_out``: fields. ``coldest``, ``hottest``: temperatures; ``choices``: at a time; ``fewest``, ``most``: new
    tokens.
    """

    left_out: frozenset[str] = frozenset()
    coldest: float = 0.0
    hottest: float = math.inf
    choices: int | None = None
    fewest: int = 1
    most: int | None = None

    def request(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The request as the server takes it.

        >>> Taken(coldest=0.01, choices=1, fewest=16).request({"temperature": 0.0, "n": 5, "max_tokens": 1})
        {'temperature': 0.01, 'max_tokens': 16}
        """
        sent = {name: value for name, value in body.items() if name not in self.left_out}
        if "temperature" in sent:
            sent["temperature"] = min(max(sent["temperature"], self.coldest), self.hottest)
        for limit in LIMITS:
            if limit in sent:
                sent[limit] = self.new_tokens(sent[limit])
        if "n" in sent and self.choices is not None:
            sent["n"] = min(sent["n"], self.choices)
            if sent["n"] == 1:
                del sent["n"]
        return sent

    def new_tokens(self, wanted: int) -> int:
        """The most new tokens to ask for where so many are wanted."""
        most = max(wanted, self.fewest)
        return most if self.most is None else min(most, self.most)

    def notes(self) -> Iterator[str]:
        """What to say of it."""
        for name in sorted(self.left_out):
            yield f"the server refuses {name!r}: it is left out, and the server's own value holds"
        if self.coldest:
            yield f"the server refuses temperature 0: the least that it takes is used, {self.coldest:g}"
        if self.hottest < math.inf:
            yield f"the server takes no temperature above {self.hottest:g}: that is used"
        if self.choices is not None:
            yield (
                "the server gives one answer at a time, or copies of one: they are asked for one by one"
                if (self.choices == 1)
                else f"the server gives no more than {self.choices} answers at a time"
            )
        if self.fewest > 1:
            yield f"the server refuses fewer than {self.fewest} new tokens: so many are asked for"
        if self.most is not None:
            yield f"the server refuses more than {self.most:,} new tokens: no more are asked for"

    @property
    def revision(self) -> str:
        """What answers depend on; how many come at a time is not among it.

        >>> Taken(frozenset({"seed"}), fewest=16).revision
        'without seed, at least 16 new tokens'
        """
        told = [f"without {name}" for name in sorted(self.left_out)]
        told += [f"temperature at least {self.coldest:g}"] if self.coldest else []
        told += [f"temperature at most {self.hottest:g}"] if self.hottest < math.inf else []
        told += [f"at least {self.fewest} new tokens"] if self.fewest > 1 else []
        told += [f"at most {self.most} new tokens"] if self.most is not None else []
        return ", ".join(told)


def remedy(taken: Taken, refusal: RefusedError, sent: Mapping[str, Any]) -> Taken | None:
    """What to send instead of ``sent``, which was refused; None where the refusal names no field that can differ.

    >>> remedy(Taken(), RefusedError("", said="`temperature` must be strictly positive"), {"temperature": 0.0}).coldest
    0.01
    """
    name = _named(refusal, sent)
    if name is None:
        return None
    if name in LIMITS:
        changed = _other_limit(taken, refusal.said, sent[name])
    elif name == "temperature":
        changed = _other_temperature(taken, refusal.said, sent[name])
    elif name == "n":
        fewer = [number for number in _numbers(refusal.said) if 1 <= number < sent["n"] and number == int(number)]
        changed = replace(taken, choices=int(max(fewer, default=1)))
    else:
        changed = replace(taken, left_out=taken.left_out | {name})
    return None if changed == taken else changed


def _named(refusal: RefusedError, sent: Mapping[str, Any]) -> str | None:
    """The field of the request that a refusal names: outright, or first in its text."""
    said = refusal.said
    limit = next((name for name in LIMITS if name in sent), None)
    fields = [name for name in sent if name not in NEEDED]
    if limit is not None and sent[limit] < FEW and _wants_more(limit, said):
        return limit  # log-probabilities are given of longer answers only
    last = refusal.param.replace("/", ".").split(".")[-1].strip("[]'\"` ")
    if last in fields:
        return last
    if last in NEEDED:
        return None
    places = {name: found.start() for name in fields if (found := _spoken_of(name, said)) is not None}
    if limit is not None and any(name in said for name in LIMITS if name != limit):
        return None  # it wants the other name
    if limit is not None and limit not in places:
        others = [at for other in OTHER_NAMES if (at := said.lower().find(other)) >= 0]
        if others:
            places[limit] = min(others)
        elif _CONTEXT.search(said):
            places[limit] = len(said)
    if _EITHER.search(said) and places.keys() >= {"temperature", "top_p"}:
        return "top_p"  # it is 1, which changes nothing
    needed = [one.start() for name in NEEDED[3:] if name in sent and (one := _spoken_of(name, said)) is not None]
    if not places or min(needed, default=len(said) + 1) < min(places.values()):
        return None
    return min(places, key=places.__getitem__)


def _spoken_of(name: str, said: str) -> re.Match[str] | None:
    if name == "n":
        return _N.search(said) or _N_IN_WORDS.search(said)
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said, re.IGNORECASE | re.ASCII)


def _wants_more(limit: str, said: str) -> bool:
    """Whether a refusal is about too few new tokens, whatever else it names."""
    spoken = _spoken_of(limit, said) is not None and any(number > 1 for number in _numbers(said))
    return _MORE_TOKENS.search(said) is not None or (spoken and re.search(r"at least|minimum", said, re.I) is not None)


def _other_limit(taken: Taken, said: str, sent: int) -> Taken:
    """More new tokens where there were too few, fewer where there were too many; unchanged where nothing tells."""
    numbers = [int(number) for number in _numbers(said) if number == int(number)]
    more = [number for number in numbers if sent < number <= 4096]
    fewer = [number for number in numbers if 1 <= number < sent]
    if _CONTEXT.search(said):
        return replace(taken, most=max(fewer, default=sent) // ROOM_FOR_PROMPT) if sent > FEW else taken
    few = _TOO_FEW.search(said) is not None
    if few and more and (sent < FEW or not fewer):
        return replace(
            taken, fewest=min(more) + bool(re.search(r"(?:greater|more|larger) than (?!or)|(?<!=)>(?!=)", said))
        )
    if fewer and _TOO_MANY.search(said):
        return replace(taken, most=max(fewer))
    if sent < FEW and "unsupported" not in said.lower():
        return replace(taken, fewest=FEW)
    return taken


def _other_temperature(taken: Taken, said: str, sent: float) -> Taken:
    """The nearest temperature that may be taken, and after that none."""
    fixed = re.search(
        r"only the default|not support(?:ed)?\b(?!.*\b0\b)|unsupported parameter|unexpected|not permitted", said, re.I
    )
    if sent == 0 and not fixed:
        least = [number for number in _numbers(said) if 0 < number <= COLD]
        return replace(taken, coldest=min(least, default=WARM))
    lower = [number for number in _numbers(said) if 1 < number < sent or (number == 1 and sent > 1)]
    if lower and taken.hottest == math.inf and not fixed:
        return replace(taken, hottest=max(lower))
    return replace(taken, left_out=taken.left_out | {"temperature"}, coldest=0.0, hottest=math.inf)


def _numbers(said: str) -> list[float]:
    numbers = (float(number.replace(",", "")) for number in _NUMBER.findall(said.replace("..", " .. ")))
    return [number for number in numbers if math.isfinite(number)]
