"""What an endpoint can do, found out with one known prompt before anything is spent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from labeldist.core.errors import LabeldistError, ModelError, UnavailableError, UsageError
from labeldist.models.answers import AnswerTokens
from labeldist.models.server.asking import Asking
from labeldist.models.server.connection import Connection
from labeldist.models.server.failures import MalformedError, NotThereError, PassingError
from labeldist.models.server.scores import Usage, exact, listed, texts
from labeldist.models.server.surrogates import repaired
from labeldist.models.server.tokens import ServerTokenizer

Scores = Literal["exact", "top", "sampled"]
WANTED = ("auto", "exact", "top", "sampled")
PROMPT = "Is the sun hot? Choose one.\nA. Yes\nB. No\nAnswer:"
ANSWERS = (("A", " A"), ("B", " B"))
# The most that OpenAI and vLLM list; some servers list no more than five.
MOST_LISTED = (20, 5)
SHORT, THOUGHT = 16, 4096
THINKING = re.compile(r"^\s*(<think|<\|channel|<thought|<reasoning|◁think)")


@dataclass(frozen=True, slots=True)
class Abilities:
    """How to ask an endpoint, and what it answers with.

    ``scores``: of chosen tokens exactly, of the likeliest tokens, or none but drawn answers. ``chat``: the model takes
    messages (else a bare prompt). ``limit``: the name of the field with the most new tokens. ``listed``: how many
    tokens it lists. ``reasons``: it thinks before it answers. ``served``: what the server says of the weights.
    """

    scores: Scores = "sampled"
    chat: bool = True
    limit: str = "max_tokens"
    listed: int = 0
    reasons: bool = False
    served: str = ""
    notes: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where to post."""
        return "/chat/completions" if self.chat else "/completions"

    @property
    def fixed_temperature(self) -> bool:
        """Whether the endpoint is of the kind that refuses any temperature but its own."""
        return self.reasons and self.limit == "max_completion_tokens"

    def body(self, model: str, prompt: str, new_tokens: int, temperature: float, **more: Any) -> dict[str, Any]:
        """A request. Temperature 1 leaves log-probabilities as they are where a server applies it to them."""
        asked = {"messages": [{"role": "user", "content": prompt}]} if self.chat else {"prompt": prompt}
        warm = {} if self.fixed_temperature else {"temperature": temperature}
        return {"model": model, **asked, self.limit: new_tokens, **warm, **more}

    def listing(self) -> dict[str, Any]:
        """The fields that ask for the likeliest tokens."""
        return {"logprobs": True, "top_logprobs": self.listed} if self.chat else {"logprobs": self.listed}

    def chosen(self, tokens: list[int]) -> dict[str, Any]:
        """The fields that ask for the log-probabilities of chosen tokens."""
        return {
            "logprobs": True if self.chat else 0,
            "logprob_token_ids": tokens,
            "return_tokens_as_token_ids": True,
        }


def probe(asking: Asking, wanted: str = "auto") -> Abilities:
    """What the endpoint of ``asking`` can do; ``wanted`` refuses all scores but those.

    Raises :class:`UsageError` where the endpoint does not give the scores that are wanted, and
    :class:`UnavailableError` for a wrong key, a model it does not have, something that is no such server, or nothing
    that answers.
    """
    if wanted not in WANTED:
        raise UsageError(f"no scores are named {wanted!r}", hint=f"use one of: {', '.join(WANTED)}")
    connection = asking.connection
    models = _models(asking)
    served = models.get(connection.endpoint.model, "")
    found, answer = _first(asking, models, wanted)
    usage = Usage.of(answer, PROMPT)
    notes = ["the server counts no tokens: they are estimated, four characters each"] if usage.estimated else []
    if found.scores == "top":
        reasons = _thinks(answer)
        if reasons and wanted == "auto":
            found = replace(found, scores="sampled")
        elif wanted in ("auto", "exact") and _exact(asking, found):
            found = replace(found, scores="exact")
    if found.scores == "sampled":
        found = _drawn(asking, found, answer)
        why = "as asked for" if wanted == "sampled" else "the server gives no log-probabilities of its answer"
        notes.append(f"distributions come from sampled answers: {'it reasons first' if found.reasons else why}")
    if wanted not in ("auto", found.scores):
        raise UsageError(
            f"{connection.endpoint.name} does not give {wanted!r} scores", hint=f"use --scores {found.scores} or auto"
        )
    return replace(found, served=served, notes=tuple(notes))


def _models(asking: Asking) -> dict[str, str]:
    """The models that the server lists, each with where it is from; none where it has no list, or refuses it.

    Some keys may ask and not list: whether the endpoint is of use is for the first question to tell.
    """
    connection = asking.connection
    answer: Any = asking.optionally(lambda: connection.get("/models"))
    try:
        return {
            repaired(str(one["id"])): connection.hide(repaired(str(one.get("root") or ""))) for one in answer["data"]
        }
    except (KeyError, TypeError, AttributeError):
        return {}


def _first(asking: Asking, models: dict[str, str], wanted: str) -> tuple[Abilities, Any]:
    """The first way of asking that the endpoint takes, and its answer."""
    refused: LabeldistError | None = None
    missing: NotThereError | None = None
    for way in _ways(wanted):
        if missing and way.chat:
            continue
        try:
            return way, _asked(asking, way)
        except NotThereError as error:
            missing = missing or error
        except _RefusedError as error:
            refused = refused or error.said
    if missing:
        raise _not_there(asking.connection, models, missing)
    raise UnavailableError(
        f"{asking.connection.endpoint.name} takes no question: {refused.message if refused else 'no way of asking'}",
        hint="is it the address of an OpenAI-compatible server, and of a model that takes chats or prompts?",
    )


def _ways(wanted: str) -> Iterator[Abilities]:
    """Ways of asking, the most telling ones first."""
    for chat in (True, False):
        for limit in ("max_tokens", "max_completion_tokens") if chat else ("max_tokens",):
            for listed_ in (*(MOST_LISTED if wanted != "sampled" else ()), 0):
                yield Abilities(scores="top" if listed_ else "sampled", chat=chat, limit=limit, listed=listed_)
            if chat:  # some models that reason refuse a limit that leaves no room for it
                yield Abilities(limit=limit, reasons=True)


class _RefusedError(Exception):
    """The endpoint does not take a question asked in this way."""

    def __init__(self, said: LabeldistError) -> None:
        super().__init__(said.message)
        self.said = said


def _asked(asking: Asking, way: Abilities) -> Any:
    """The answer to the known prompt, asked in this way and shaped as the way promises."""
    model = asking.connection.endpoint.model
    new_tokens = 1 if way.listed else THOUGHT if way.reasons else SHORT
    body = way.body(model, PROMPT, new_tokens, 1.0, **(way.listing() if way.listed else {}))
    unlisted: list[str] = []

    def read(answer: Any) -> Any:
        texts(answer)
        if way.listed:
            try:
                listed(answer)
            except MalformedError as error:
                # A server without log-probabilities leaves them out; asking again would change nothing.
                unlisted.append(str(error))
        return answer

    try:
        answer, _ = asking.answer(way.path, body, read, prompt=PROMPT, new_tokens=new_tokens)
    except ModelError as error:
        raise _RefusedError(error) from None
    if unlisted:
        raise _RefusedError(ModelError(unlisted[-1]))
    return answer


def _not_there(connection: Connection, models: dict[str, str], error: NotThereError) -> UnavailableError:
    """Is it the model or the address that is wrong?"""
    endpoint = connection.endpoint
    if endpoint.model in models or not models:
        return UnavailableError(
            error.message, hint=f"is {endpoint.url} the address of an OpenAI-compatible server? It often ends in /v1"
        )
    return UnavailableError(
        f"the server at {endpoint.url} has no model {endpoint.model!r}",
        hint=f"it has: {', '.join(connection.hide(name) for name in sorted(models)[:20])}",
    )


def _thinks(answer: Any) -> bool:
    """Whether an answer shows that the model thinks first."""
    message = answer["choices"][0].get("message") or {}
    text = message.get("content") or answer["choices"][0].get("text") or ""
    usage = answer.get("usage")
    details = usage.get("completion_tokens_details") if isinstance(usage, dict) else None
    return bool(
        message.get("reasoning_content")
        or message.get("reasoning")
        or (isinstance(details, dict) and details.get("reasoning_tokens"))
        or THINKING.match(text)
    )


def _exact(asking: Asking, way: Abilities) -> bool:
    """Whether the server tokenizes, and gives the log-probabilities of the tokens that it is asked for."""
    tokenizer = ServerTokenizer(asking.connection, chat=way.chat)

    def read(answer: Any) -> bool:
        try:
            exact(listed(answer), tokens, Usage.of(answer, PROMPT))
        except MalformedError:
            return False
        return True

    try:
        tokens = AnswerTokens(tokenizer).of(PROMPT, ANSWERS)
        chosen = way.chosen([token for option in tokens for token in option])
        body = way.body(asking.connection.endpoint.model, PROMPT, 1, 1.0, **chosen)
        return asking.answer(way.path, body, read, prompt=PROMPT, new_tokens=1)[0]
    except (NotThereError, ModelError, MalformedError, PassingError):
        return False


def _drawn(asking: Asking, way: Abilities, answer: Any) -> Abilities:
    """How to draw answers, by a short ``answer``: with room for thoughts where the model needs it."""
    text, ended = texts(answer)[0]
    if not (way.reasons or _thinks(answer) or (not text.strip() and ended == "length")):
        return way
    way = replace(way, listed=0, reasons=True)
    if not texts(_asked(asking, way))[0][0].strip():
        raise UnavailableError(
            f"{asking.connection.endpoint.name} gives no answer within {THOUGHT:,} tokens", hint="use another model"
        )
    return way
