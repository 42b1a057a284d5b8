"""What an endpoint can do, found out with one known prompt before anything is spent.

It is asked as the run will ask: for a first token's log-probabilities, for several drawn answers, for a text. What it
refuses of a request is sent in another way (:mod:`labeldist.models.server.taken`), as far as one is found in a few
tries.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from labeldist.core.errors import LabeldistError, ModelError, UnavailableError, UsageError, shown
from labeldist.models.answers import AnswerTokens
from labeldist.models.server.abilities import SHORT, TEXT, THOUGHT, Abilities, new_tokens_of
from labeldist.models.server.asking import Asking
from labeldist.models.server.connection import Connection
from labeldist.models.server.failures import MalformedError, NotThereError, PassingError, RefusedError
from labeldist.models.server.listing import SUM_TOLERANCE, Listed, begins_with_thought, drawn_token, listed
from labeldist.models.server.reply import Reply, replies, thinks
from labeldist.models.server.scores import Usage, exact, named, top
from labeldist.models.server.taken import LIMITS, Taken, remedy
from labeldist.models.server.token_bytes import TOKEN_ID
from labeldist.models.server.tokens import ServerTokenizer
from labeldist.models.server.utf16 import repair_utf16

R = TypeVar("R")
WANTED = ("auto", "exact", "top", "sampled")
PROMPT = "Is the sun hot? Choose one.\nA. Yes\nB. No\nAnswer:"
ANSWERS = (("A", " A"), ("B", " B"))
# The most that OpenAI and vLLM list; some servers list no more than five.
MOST_LISTED = (20, 5)
# Of a question that is easy: less says that the model would rather say something else first.
SMALL_MASS = 0.1
# Requests that may be changed and made again, for one question and in all.
CHANGES, TRIES = 6, 40
# Looks at a list of tokens that contradicts itself, which may be chance; one that is not there will not come.
LOOKS, NO_LIST = 3, "no log-probabilities"
# Characters of a thought that no model repeats by chance.
LONG = 60


def probe(
    asking: Asking, wanted: str = "auto", *, thought_tokens: int | None = None, temperature: float = 0.0
) -> Abilities:
    """What the endpoint of ``asking`` can do; ``wanted`` refuses all scores but those.

    ``thought_tokens``: room for a thought with its answer (None: as much as is usual, where the model shows that it
    thinks). ``temperature``: with which texts will be written.

    Raises :class:`UsageError` where the endpoint does not give the scores that are wanted, and
    :class:`UnavailableError` for a wrong key, a model it does not have, something that is no such server, or nothing
    that answers. A refusal to write texts is a note: not all need that.
    """
    if wanted not in WANTED:
        raise UsageError(f"no scores are named {wanted!r}", hint=f"use one of: {', '.join(WANTED)}")
    connection = asking.connection
    models = _models(asking)
    served = models.get(connection.endpoint.model, "")
    trying = _Trying(asking, thought_tokens or THOUGHT)
    found, answer = _first(trying, models, wanted)
    asking.known = (found.path, found.body(connection.endpoint.model, PROMPT, SHORT, 1.0), PROMPT, SHORT)
    usage = Usage.of(answer, PROMPT)
    notes = ["the server counts no tokens: they are estimated, four characters each"] if usage.estimated else []
    if _reasons(trying, found, answer, usage):
        found = replace(found, scores="sampled", listed=0, reasons=True)
        notes.append(f"it reasons first: its answers get up to {found.taken.new_tokens(trying.room):,} tokens of room")
    elif found.scores == "top" and wanted in ("auto", "exact") and _exact(asking, found):
        found = replace(found, scores="exact")
    if found.scores == "sampled":
        found = replace(found, room=trying.room if found.reasons or thought_tokens else SHORT)
        found, refused = _drawn(trying, found)
        notes += refused
        why = "as asked for" if wanted == "sampled" else "the server gives no log-probabilities of its answer"
        if trying.contradiction:
            why = f"the server's list of tokens cannot be right ({trying.contradiction})"
        notes.append(f"distributions come from sampled answers: {'it reasons first' if found.reasons else why}")
    if wanted not in ("auto", found.scores):
        because = ": it reasons first" if found.reasons else ""
        raise UsageError(
            f"{connection.endpoint.name} does not give {wanted!r} scores{because}",
            hint=f"use --scores {found.scores} or auto",
        )
    found, refused = _written(trying, found, temperature)
    told = dict.fromkeys((*found.taken.notes(), *found.writing.notes(), *refused))
    return replace(found, served=served, notes=(*notes, *told))


class _Trying:
    """Asks the known prompt, in another way where the first is refused.

    ``room``: new tokens for thoughts. ``contradiction``: what was wrong with a list of tokens.
    """

    def __init__(self, asking: Asking, room: int) -> None:
        self.asking = asking
        self.model = asking.connection.endpoint.model
        self.room = room
        self.contradiction = ""
        self._left = TRIES

    def answer(
        self, path: str, body: dict[str, Any], taken: Taken, read: Callable[[Any], R], *, prompt: str = PROMPT
    ) -> tuple[R, Taken]:
        """What ``read`` makes of the answer, and what the server takes; :class:`ModelError` where it takes nothing."""
        for change in range(CHANGES + 1):
            sent = taken.request(body)
            self._left -= 1
            try:
                return self.asking.answer(path, sent, read, prompt=prompt, new_tokens=new_tokens_of(sent))[0], taken
            except RefusedError as refusal:
                other = remedy(taken, refusal, sent) if change < CHANGES and self._left > 0 else None
                if other is None:
                    raise
                taken = other
        raise AssertionError("unreachable")


def _models(asking: Asking) -> dict[str, str]:
    """The models that the server lists, each with where it is from; none where it has no list, or refuses it.

    Some keys may ask and not list: whether the endpoint is of use is for the first question to tell.
    """
    connection = asking.connection
    answer: Any = asking.optionally(lambda: connection.get("/models"))
    try:
        return {
            repair_utf16(str(one["id"])): connection.hide(repair_utf16(str(one.get("root") or "")))
            for one in answer["data"]
        }
    except (KeyError, TypeError, AttributeError):
        return {}


def _first(trying: _Trying, models: dict[str, str], wanted: str) -> tuple[Abilities, Any]:
    """The first way of asking that the endpoint takes, and its answer."""
    refused: LabeldistError | None = None
    missing: NotThereError | None = None
    refused_first = False
    ignored: set[tuple[bool, str]] = set()
    for way in _ways(wanted):
        if (missing and way.chat) or (way.listed and (way.chat, way.limit) in ignored):
            continue
        try:
            return _asked(trying, way)
        except NotThereError as error:
            missing, refused_first = missing or error, refused is not None
        except _WithoutListError as error:
            trying.contradiction = "" if str(error).startswith(NO_LIST) else str(error)
            refused = refused or ModelError(str(error))
            ignored.add((way.chat, way.limit))
        except ModelError as error:
            refused = refused or error
    connection = trying.asking.connection
    if missing and not refused_first:
        raise _not_there(connection, models, missing)
    raise UnavailableError(
        f"{connection.endpoint.name} takes no question: {refused.message if refused else 'no way of asking'}",
        hint="is it the address of an OpenAI-compatible server, and of a model that takes chats or prompts?",
    )


def _ways(wanted: str) -> Iterator[Abilities]:
    """Ways of asking, the most telling ones first."""
    for chat in (True, False):
        for limit in LIMITS if chat else LIMITS[:1]:
            for listed_ in (*(MOST_LISTED if wanted != "sampled" else ()), 0):
                yield Abilities(scores="top" if listed_ else "sampled", chat=chat, limit=limit, listed=listed_)
            if chat:  # some models that reason refuse a limit that leaves no room for it
                yield Abilities(limit=limit, reasons=True)


class _WithoutListError(Exception):
    """An answer without the log-probabilities that were asked for; to ask again would change nothing."""


def _asked(trying: _Trying, way: Abilities) -> tuple[Abilities, Any]:
    """The way as the endpoint takes it, and the answer to the known prompt, shaped as the way promises."""
    new_tokens = 1 if way.listed else trying.room if way.reasons else SHORT
    body = way.body(trying.model, PROMPT, new_tokens, 1.0, **(way.listing() if way.listed else {}))
    without: list[str] = []

    def read(answer: Any) -> Any:
        replies(answer)
        if way.listed and not thinks(answer):
            try:
                _usable(listed(answer, way.listed, ANSWERS), answer)
            except (MalformedError, LabeldistError) as error:
                without.append(str(error))
        return answer

    for _ in range(LOOKS):
        without.clear()
        answer, taken = trying.answer(way.path, body, way.taken, read)
        if not without or without[-1].startswith(NO_LIST):
            break
    if without:
        raise _WithoutListError(without[-1])
    return replace(way, taken=taken), answer


def _usable(found: Listed, answer: Any) -> None:
    """Raises :class:`MalformedError` for a list of one token where more must be, or whose tokens cannot be read.

    They cannot where the drawn one is no text, or says an option and yet begins none as it is written.
    """
    if len(found.tokens) == 1 and math.exp(max(found.tokens.values())) < 1 - SUM_TOLERANCE:
        raise MalformedError("one token only, although there are more")
    text = drawn_token(answer).data.decode("utf-8", "replace")
    opaque = not text or text.startswith(TOKEN_ID) or named(text, ANSWERS) is not None
    if opaque and top(found, ANSWERS, Usage.of(answer, PROMPT)).unlisted == len(ANSWERS):
        raise MalformedError(f"{shown(text)} begins no option")


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


def _reasons(trying: _Trying, way: Abilities, answer: Any, usage: Usage) -> bool:
    """Whether the model thinks first: it shows, or what it begins with is no answer, and a longer look shows it."""
    reply = replies(answer)[0]
    if way.reasons or thinks(answer) or (reply.cut and not reply.text.strip() and not way.listed):
        return True
    if way.listed and begins_with_thought(answer):
        return True
    if not way.chat or _answers(way, answer, reply, usage):
        return False
    # A thought that the prompt's template has opened shows by its end only.
    body = way.body(trying.model, PROMPT, trying.room, 1.0)
    try:
        longer, _ = trying.answer(way.path, body, way.taken, lambda found: (replies(found), thinks(found)))
    except (ModelError, MalformedError):
        return False
    return longer[1]


def _answers(way: Abilities, answer: Any, reply: Reply, usage: Usage) -> bool:
    """Whether the model begins its answer with an option, which a model that thinks first does not."""
    if not way.listed:
        return not reply.cut or named(reply.text, ANSWERS) is not None
    try:
        scores = top(listed(answer, way.listed), ANSWERS, usage)
    except (MalformedError, LabeldistError):
        return False
    return sum(math.exp(value) for value in scores.logits) >= SMALL_MASS


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
        return asking.answer(way.path, body, read, prompt=PROMPT, new_tokens=new_tokens_of(body))[0]
    except (NotThereError, ModelError, MalformedError, PassingError):
        return False


def _drawn(trying: _Trying, way: Abilities) -> tuple[Abilities, list[str]]:
    """The way with which answers can be drawn, several at a time where the server gives several; what to say if not."""
    body = way.unadapted(trying.model, PROMPT, way.room, 1.0, n=2)
    name = trying.asking.connection.endpoint.name
    try:
        found, taken = _several(trying, way, body)
    except ModelError as error:
        return way, [f"it refuses to draw answers: {error.message}"]
    if way.reasons and all(reply.open or not reply.text.strip() for reply in found):
        raise UnavailableError(
            f"{name} gives no answer within {taken.new_tokens(way.room):,} tokens, thoughts included",
            hint="give it more with --thought-tokens, or use another model",
        )
    if len(found) > 1 and found[0].thought and len(found[0].whole) > LONG and len({one.whole for one in found}) == 1:
        taken = replace(taken, choices=1)  # nobody thinks the same twice, word for word: these are copies
    return replace(way, taken=taken, inline=any(reply.inline for reply in found)), []


def _several(trying: _Trying, way: Abilities, body: dict[str, Any]) -> tuple[list[Reply], Taken]:
    """Several drawn answers, or one, where they are refused together with no word of the reason."""
    try:
        return trying.answer(way.path, body, way.taken, replies)
    except ModelError:
        if way.taken.choices == 1:
            raise
        return trying.answer(way.path, body, replace(way.taken, choices=1), replies)


def _written(trying: _Trying, way: Abilities, temperature: float) -> tuple[Abilities, list[str]]:
    """The way with which texts can be written, and what to say where they cannot."""
    writing = way.taken
    for warmth in dict.fromkeys((temperature, 0.0)):
        body = way.unadapted_text(trying.model, PROMPT, trying.room if way.reasons else TEXT, warmth, 0)
        try:
            _, writing = trying.answer(way.path, body, writing, replies)
        except ModelError as error:
            at = f" at temperature {warmth:g}" if warmth else ""
            return replace(way, writing=writing), [f"it refuses to write texts{at}: {error.message}"]
    return replace(way, writing=writing), []
