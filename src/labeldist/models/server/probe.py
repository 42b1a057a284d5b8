"""What an endpoint can do, found out with one known prompt before anything is spent.

It is asked as the run will ask: for a first token's log-probabilities, for several drawn answers, for a text. What it
refuses of a request is sent in another way (:mod:`labeldist.models.server.taken`), as far as one is found in a few
tries.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from labeldist.core.errors import LabeldistError, ModelError, UnavailableError, UsageError, shown
from labeldist.models.answers import AnswerTokens
from labeldist.models.server.abilities import SAMPLING, SHORT, TEXT, THOUGHT, Abilities, new_tokens_of
from labeldist.models.server.asking import Asking
from labeldist.models.server.connection import Connection
from labeldist.models.server.failures import MalformedError, NotThereError, PassingError
from labeldist.models.server.identity import MOST_NAMES, Identity, identify
from labeldist.models.server.listing import SUM_TOLERANCE, Listed, begins_with_thought, drawn_token, listed
from labeldist.models.server.reply import Reply, replies, thinks
from labeldist.models.server.scores import Usage, exact, named, top
from labeldist.models.server.taken import LIMITS, Taken
from labeldist.models.server.token_bytes import TOKEN_ID
from labeldist.models.server.tokens import ServerTokenizer
from labeldist.models.server.trying import PROMPT, Trying

WANTED = ("auto", "exact", "top", "sampled")
ANSWERS = (("A", " A"), ("B", " B"))
# The most that OpenAI and vLLM list; some servers list no more than five.
MOST_LISTED = (20, 5)
# Some list thousands. The options are among the first hundred as a rule, and a list of all is fifty times an answer.
LONGEST_LIST, LONG_LIST = 2_000, 100
# Of a question that is easy: less says that the model would rather say something else first.
SMALL_MASS, ENOUGH = 0.1, 0.5
# So many times likelier options must be behind a bare prompt: what a list says of those that are not in it depends on
# the token that was drawn, and the route must not.
CLEARLY = 2.0
# Which kinds of questions, chats first, a route asks.
ROUTES: dict[str | None, tuple[bool, ...]] = {None: (True, False), "chat": (True,), "completions": (False,)}
# Looks at a list of tokens that contradicts itself, which may be chance; one that is not there will not come.
LOOKS, NO_LIST = 3, "no log-probabilities"
UNSURE = (
    "answers are drawn with top_k 0, top_p 1 and min_p 0, from all tokens: a server that ignores these fields draws "
    "from fewer, by its own settings"
)
# Characters of a thought that no model repeats by chance.
LONG = 60


def probe(
    asking: Asking,
    wanted: str = "auto",
    *,
    route: str | None = None,
    thought_tokens: int | None = None,
    temperature: float = 0.0,
) -> Abilities:
    """What the endpoint of ``asking`` can do; ``wanted`` refuses all scores but those.

    ``route``: ask in ``chat`` or as bare ``completions``; None: as a chat, unless the chat's first token is hardly an
    option, and the bare prompt's more likely is.

    ``thought_tokens``: room for a thought with its answer (None: as much as is usual, where the model shows that it
    thinks). ``temperature``: with which texts will be written.

    Raises :class:`UsageError` where the endpoint does not give the scores that are wanted, and
    :class:`UnavailableError` for a wrong key, a model it does not have, something that is no such server, or nothing
    that answers. A refusal to write texts is a note: not all need that.
    """
    if wanted not in WANTED:
        raise UsageError(f"no scores are named {wanted!r}", hint=f"use one of: {', '.join(WANTED)}")
    if route not in ROUTES:
        raise UsageError(f"no route is named {route!r}", hint="use chat, completions, or none")
    connection = asking.connection
    identity = identify(asking)
    trying = Trying(asking, thought_tokens or THOUGHT)
    found, answer = _first(trying, identity, wanted, route)
    told_of_route = ""
    if route is None:
        found, answer, told_of_route = _routed(trying, found, answer)
    asking.known = (found.path, found.body(connection.endpoint.model, PROMPT, SHORT, 1.0), PROMPT, SHORT)
    usage = Usage.of(answer, PROMPT)
    notes = [note for note in (identity.warning(connection.endpoint.model), told_of_route) if note]
    notes += ["the server counts no tokens: they are estimated, four characters each"] if usage.estimated else []
    if _reasons(trying, found, answer):
        found = replace(found, scores="sampled", listed=0, reasons=True)
        notes.append(f"it reasons first: its answers get up to {found.taken.new_tokens(trying.room):,} tokens of room")
    elif found.scores == "top" and wanted in ("auto", "exact") and _exact(asking, found):
        found = replace(found, scores="exact")
    elif found.scores == "top":
        found = _longest(trying, found)
    if found.scores == "sampled":
        found, told = _sampled(trying, found, wanted, roomy=bool(thought_tokens))
        notes += told
    if wanted not in ("auto", found.scores):
        because = ": it reasons first" if found.reasons else ""
        raise UsageError(
            f"{connection.endpoint.name} does not give {wanted!r} scores{because}",
            hint=f"use --scores {found.scores} or auto",
        )
    found, refused = _written(trying, found, temperature)
    of_fields = dict.fromkeys((*found.taken.notes(), *found.writing.notes(), *refused))
    return replace(found, notes=(*notes, *of_fields))


def _first(trying: Trying, identity: Identity, wanted: str, route: str | None) -> tuple[Abilities, Any]:
    """The first way of asking that the endpoint takes, and its answer."""
    refused: LabeldistError | None = None
    missing: NotThereError | None = None
    refused_first = False
    ignored: set[tuple[bool, str]] = set()
    for way in _ways(wanted, ROUTES[route], identity):
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
        raise _not_there(connection, identity.names, missing, route)
    raise UnavailableError(
        f"{connection.endpoint.name} takes no question: {refused.message if refused else 'no way of asking'}",
        hint="is it the address of an OpenAI-compatible server, and of a model that takes chats or prompts?",
    )


def _ways(wanted: str, routes: Sequence[bool], identity: Identity) -> Iterator[Abilities]:
    """Ways of asking, the most telling ones first."""
    of = partial(Abilities, identity=identity)
    for chat in routes:
        for limit in LIMITS if chat else LIMITS[:1]:
            for listed_ in (*(MOST_LISTED if wanted != "sampled" else ()), 0):
                yield of(scores="top" if listed_ else "sampled", chat=chat, limit=limit, listed=listed_)
            if chat:  # some models that reason refuse a limit that leaves no room for it
                yield of(limit=limit, reasons=True)


class _WithoutListError(Exception):
    """An answer without the log-probabilities that were asked for; to ask again would change nothing."""


def _asked(trying: Trying, way: Abilities) -> tuple[Abilities, Any]:
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

    They cannot where none has a text, or where the drawn one says an option and yet begins none as it is written. That
    the drawn one has none is chance: it may be a part of a character, or the end.
    """
    if len(found.tokens) == 1 and math.exp(max(found.tokens.values())) < 1 - SUM_TOLERANCE:
        raise MalformedError("one token only, although there are more")
    text = drawn_token(answer).data.decode("utf-8", "replace")
    unread = not any(token.data for token in found.tokens)
    opaque = unread or text.startswith(TOKEN_ID) or named(text, ANSWERS) is not None
    if opaque and top(found, ANSWERS, Usage.of(answer, PROMPT)).unlisted == len(ANSWERS):
        raise MalformedError(f"{shown(text)} begins no option")


def _not_there(
    connection: Connection, models: Sequence[str], error: NotThereError, route: str | None
) -> UnavailableError:
    """Is it the model, the address or the route that is wrong?"""
    endpoint = connection.endpoint
    if route and endpoint.model in models:
        return UnavailableError(error.message, hint=f"it may have no route for --route {route}: leave that out")
    if endpoint.model in models or not models:
        return UnavailableError(
            error.message, hint=f"is {endpoint.url} the address of an OpenAI-compatible server? It often ends in /v1"
        )
    return UnavailableError(
        f"the server at {endpoint.url} has no model {endpoint.model!r}",
        hint=f"it has: {', '.join(models[:MOST_NAMES])}",
    )


def _routed(trying: Trying, way: Abilities, answer: Any) -> tuple[Abilities, Any, str]:
    """The way with which the model says an option, its answer, and what to say of it.

    A base model behind a chat template that it does not have says something else first. Where a chat's options are
    likely, a chat it stays: that is how a model was taught to answer.
    """
    if not (way.chat and way.listed) or begins_with_thought(answer):
        return way, answer, ""
    of_chat = _mass(way, answer)
    if of_chat >= ENOUGH:
        return way, answer, ""
    bare = replace(way, chat=False, limit=LIMITS[0])
    body = bare.body(trying.model, PROMPT, 1, 1.0, **bare.listing())
    other = trying.asking.once(bare.path, body, lambda said: said, prompt=PROMPT, new_tokens=new_tokens_of(body))
    of_bare = 0.0 if other is None else _mass(bare, other)
    if of_bare <= CLEARLY * of_chat:
        return way, answer, ""
    told = (
        f"asked as bare prompts, whose options get {of_bare:.2g} of the probability, those of a chat {of_chat:.2g}: "
        "--route chat or completions chooses"
    )
    return bare, other, told


def _mass(way: Abilities, answer: Any) -> float:
    """The probability of all options of the known prompt; 0 where the list does not tell."""
    try:
        scores = top(listed(answer, way.listed), ANSWERS, Usage.of(answer, PROMPT))
    except (MalformedError, LabeldistError):
        return 0.0
    return math.fsum(math.exp(value) for value in scores.logits)


def _longest(trying: Trying, way: Abilities) -> Abilities:
    """The way with as long a list as the server gives.

    The longest is for questions of which a shorter one has not all options: it is a hundred times an answer's size.
    """
    if way.listed < MOST_LISTED[0] or way.identity.program == "openai":
        return way
    for most in (LONGEST_LIST, LONG_LIST):
        body = way.body(trying.model, PROMPT, 1, 1.0, **way.listing(most))
        found = trying.asking.once(
            way.path, body, partial(listed, most=most), prompt=PROMPT, new_tokens=new_tokens_of(body)
        )
        length = found.length if found else 0
        if length > way.listed + 1:  # the drawn token may be one more
            most = most if length > most // 2 else length  # tokens of the same text may count as one
            return replace(way, listed=min(most, LONG_LIST), most_listed=most if most > LONG_LIST else 0)
    return way


def _reasons(trying: Trying, way: Abilities, answer: Any) -> bool:
    """Whether the model thinks first: it shows, or what it begins with is no answer, and a longer look shows it."""
    reply = replies(answer)[0]
    if way.reasons or thinks(answer) or (reply.cut and not reply.text.strip() and not way.listed):
        return True
    if way.listed and begins_with_thought(answer):
        return True
    if not way.chat or _answers(way, answer, reply):
        return False
    # A thought that the prompt's template has opened shows by its end only.
    body = way.body(trying.model, PROMPT, trying.room, 1.0)
    # A model that never ends would take all the time there is: once is enough.
    longer = trying.asking.once(way.path, body, thinks, prompt=PROMPT, new_tokens=new_tokens_of(body))
    return bool(longer)


def _answers(way: Abilities, answer: Any, reply: Reply) -> bool:
    """Whether the model begins its answer with an option, which a model that thinks first does not."""
    if not way.listed:
        return not reply.cut or named(reply.text, ANSWERS) is not None
    return _mass(way, answer) >= SMALL_MASS


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


def _sampled(trying: Trying, way: Abilities, wanted: str, *, roomy: bool) -> tuple[Abilities, list[str]]:
    """The way with which answers are drawn, and what to say of it."""
    found, notes = _drawn(trying, replace(way, room=trying.room if way.reasons or roomy else SHORT))
    why = "as asked for" if wanted == "sampled" else "the server gives no log-probabilities of its answer"
    if trying.contradiction:
        why = f"the server's list of tokens cannot be right ({trying.contradiction})"
    notes.append(f"distributions come from sampled answers: {'it reasons first' if found.reasons else why}")
    unsure = not found.identity.program and "top_k" not in found.taken.left_out
    return found, [*notes, UNSURE] if unsure else notes


def _drawn(trying: Trying, way: Abilities) -> tuple[Abilities, list[str]]:
    """The way with which answers can be drawn, several at a time where the server gives several; what to say if not."""
    if way.identity.at_once is not None:
        # Several answers take several slots, of which each has a part of the questions to itself.
        way = replace(way, taken=replace(way.taken, choices=1))
    body = way.unadapted_draws(trying.model, PROMPT, 2)
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


def _several(trying: Trying, way: Abilities, body: dict[str, Any]) -> tuple[list[Reply], Taken]:
    """Several drawn answers, or one, where they are refused together with no word of the reason."""
    one, plain = {"choices": 1}, {"left_out": way.taken.left_out | SAMPLING}
    others = [replace(way.taken, **changes) for changes in (one, plain, one | plain)]
    return trying.first(way.path, body, (way.taken, *others), replies)


def _written(trying: Trying, way: Abilities, temperature: float) -> tuple[Abilities, list[str]]:
    """The way with which texts can be written, and what to say where they cannot."""
    writing = way.taken
    for warmth in dict.fromkeys((temperature, 0.0)):
        body = way.unadapted_text(trying.model, PROMPT, trying.room if way.reasons else TEXT, warmth, 0)
        try:
            plain = replace(writing, left_out=writing.left_out | SAMPLING)
            _, writing = trying.first(way.path, body, (writing, plain), replies)
        except ModelError as error:
            at = f" at temperature {warmth:g}" if warmth else ""
            return replace(way, writing=writing), [f"it refuses to write texts{at}: {error.message}"]
    return replace(way, writing=writing), []
