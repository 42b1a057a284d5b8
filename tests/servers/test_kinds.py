"""How real servers behave beyond the protocol, kind by kind: thoughts, failures in a success, refused fields."""

from __future__ import annotations

import json
import math
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from labeldist.core.errors import ModelError, UnavailableError, UsageError
from labeldist.datasets.jsonl import LONGEST_LINE
from labeldist.models.base import Question, in_order
from labeldist.models.open import ModelOptions
from labeldist.models.server.endpoint import read_endpoint
from labeldist.models.server.model import LONGEST_TEXT, ServerModel, open_server
from labeldist.models.server.patience import Patience
from labeldist.models.server.trying import PROMPT, TRIES

QUICK = Patience(retries=3, first=0.01, longest=0.02, timeout=5.0)
ANSWERS = (("A", " A"), ("B", " B"))
SHARES = {"A": 0.7, "B": 0.25, "The": 0.02}
QUESTION = Question("Which is it?\nA. this\nB. that\nAnswer:", ANSWERS)
Sent = tuple[int, Any] | tuple[int, Any, dict[str, str]]
Answer = Callable[[dict[str, Any]], Sent]


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve what ``answer`` makes of each body; gives the address and the bodies."""
    bodies: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            self.reply(200, {"data": [{"id": "m"}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path != "/v1/chat/completions":
                self.reply(404, {"error": {"message": "not here"}})
                return
            bodies.append(body)
            self.reply(*answer(body))

        def reply(self, status: int, told: Any, headers: dict[str, str] | None = None) -> None:
            data = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", bodies
    finally:
        server.shutdown()
        server.server_close()


def opened(url: str, **options: Any) -> ServerModel:
    return open_server(read_endpoint(f"m@{url}"), ModelOptions(**options), QUICK)


def chosen(model: ServerModel, question: Question = QUESTION) -> list[float]:
    """The shares of the options."""
    [found] = in_order(model.answer_scores([question]), 1, "")
    return [math.exp(value) for value in found.logits]


def written(model: ServerModel, prompt: str = "Why?", **more: Any) -> str:
    return in_order(model.write([prompt], max_new_tokens=model.max_new_tokens, **more), 1, "")[0].text


def prompt_of(body: dict[str, Any]) -> str:
    return str(body["messages"][0]["content"])


def chat(*messages: Any, ended: str = "stop", listing: dict[str, float] | None = None, **more: Any) -> dict[str, Any]:
    """An answer whose choices say ``messages`` (texts, or messages as they are)."""
    told = None
    if listing is not None:
        top = [{"token": token, "logprob": math.log(share)} for token, share in listing.items()]
        told = {"content": [{**top[0], "top_logprobs": top}]}
    choices = [
        {
            "message": one if isinstance(one, dict) else {"role": "assistant", "content": one},
            "finish_reason": ended,
            "logprobs": told,
            **more,
        }
        for one in messages
    ]
    return {"choices": choices, "usage": {"prompt_tokens": 9, "completion_tokens": 3}}


def usual(body: dict[str, Any]) -> Sent:
    """A server that lists tokens and writes texts, as one should."""
    if body.get("logprobs"):
        return 200, chat("A", ended="length", listing=SHARES)
    return 200, chat(*["A"] * body.get("n", 1))


def thinker(wrap: Callable[[str, str], Any], cut: str | dict[str, Any]) -> Answer:
    """A model that thinks; ``wrap``: its message from a thought and an answer; ``cut``: what a short one looks like."""
    chance = random.Random(0)

    def answer(body: dict[str, Any]) -> Sent:
        if (body.get("max_tokens") or 0) < 100:
            return 200, chat(*[cut] * body.get("n", 1), ended="length")
        thought = "Okay. 1. It may be A. 2. It may be B. A: 50, B: 50"
        says = (lambda: "1. Rain is wet.") if prompt_of(body) == "Why?" else (lambda: chance.choice("AAAB"))
        return 200, chat(*[wrap(f"{thought} {at}", says()) for at in range(body.get("n", 1))])

    return answer


SHAPES: dict[str, tuple[Callable[[str, str], Any], Any]] = {
    "think": (lambda thought, says: f"<think>\n{thought}\n</think>\n\n{says}", "<think>\nOkay, the"),
    "closing tag only": (lambda thought, says: f"{thought}\n</think>\n\n{says}", "Okay, the user asks"),
    "thought, upper case": (lambda thought, says: f"<THOUGHT >{thought}</ thought>{says}", "<THOUGHT >Okay"),
    "seed": (lambda thought, says: f"<seed:think>{thought}</seed:think>{says}", "<seed:think>Okay"),
    "magistral": (lambda thought, says: f"[THINK]{thought}[/THINK]{says}", "[THINK]Okay"),
    "kimi": (lambda thought, says: f"◁think▷{thought}◁/think▷{says}", "◁think▷Okay"),
    "open thoughts": (
        lambda thought, says: (
            f"<|begin_of_thought|>{thought}<|end_of_thought|>\n<|begin_of_solution|>{says}<|end_of_solution|>"
        ),
        "<|begin_of_thought|>Okay",
    ),
    "cohere": (
        lambda thought, says: f"<|START_THINKING|>{thought}<|END_THINKING|><|START_RESPONSE|>{says}<|END_RESPONSE|>",
        "<|START_THINKING|>Okay",
    ),
    "harmony": (
        lambda thought, says: (
            f"<|channel|>analysis<|message|>{thought}<|end|><|start|>assistant"
            f"<|channel|>final<|message|>{says}<|return|>"
        ),
        "<|channel|>analysis<|message|>Okay",
    ),
    "harmony, stripped": (lambda thought, says: f"analysis{thought}assistantfinal{says}", "analysisOkay, the"),
    "twice": (
        lambda thought, says: f"<think>{thought}</think>Hm, B.<think>No.</think><answer>{says}</answer>",
        "<think>",
    ),
    "field": (
        lambda thought, says: {"content": says, "reasoning_content": thought},
        {"content": None, "reasoning_content": "Okay"},
    ),
    "other field": (
        lambda thought, says: {"content": says, "reasoning": thought},
        {"content": "", "reasoning": "Okay"},
    ),
    "parts": (
        lambda thought, says: {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": thought}]},
                {"type": "text", "text": says},
            ]
        },
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Okay"}]}]},
    ),
    "hidden": (lambda thought, says: says, {"content": None}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_thoughts_of_every_shape_are_no_answer(shape: str) -> None:
    with serving(thinker(*SHAPES[shape])) as (url, bodies):
        model = opened(url, samples=200)
        assert any("reasons first" in note for note in model.capabilities.notes)
        assert chosen(model) == pytest.approx([0.75, 0.25], abs=0.12)
        assert written(model) == "1. Rain is wet."
        assert bodies[-1]["max_tokens"] == 4096


@pytest.mark.parametrize("shape", [name for name in SHAPES if name != "hidden"])
def test_a_thought_that_is_cut_off_is_a_failure_and_no_draw(shape: str) -> None:
    wrap, cut = SHAPES[shape]
    whole = thinker(wrap, cut)

    def answer(body: dict[str, Any]) -> Sent:
        if prompt_of(body) == PROMPT:
            return whole(body)
        return 200, {
            "choices": [
                *chat(wrap("Okay, that is a long thought of mine.", "A"))["choices"],
                *chat(cut, ended="length")["choices"],
            ]
        }

    with serving(answer) as (url, _):
        model = opened(url, samples=2, thought_tokens=500)
        with pytest.raises(ModelError, match="used up 500 new tokens") as error:
            chosen(model)
        assert "--thought-tokens" in error.value.hint
    with serving(lambda body: whole(body) if prompt_of(body) == PROMPT else (200, chat(cut, ended="length"))) as (
        url,
        _,
    ):
        with pytest.raises(ModelError, match="used up 4,096 new tokens") as error:
            written(opened(url))
        assert "--max-new-tokens" in error.value.hint


@pytest.mark.parametrize("token", ["<think>", "<", "<|channel|>", "[THINK]", "analysis"])
def test_a_first_token_that_opens_a_thought_makes_answers_be_drawn(token: str) -> None:
    whole = thinker(*SHAPES["think"])

    def answer(body: dict[str, Any]) -> Sent:
        if body.get("logprobs"):
            return 200, chat(token, ended="length", listing={token: 0.9, "A": 0.05, "B": 0.02})
        return whole(body)

    with serving(answer) as (url, _):
        model = opened(url, samples=100)
        assert model.capabilities.scores == "sampled:100"
        assert chosen(model)[0] > 0.6
        with pytest.raises(UsageError, match="reasons first"):
            opened(url, scores="top")


def test_a_thought_that_the_prompt_opened_shows_by_its_end_only() -> None:
    whole = thinker(*SHAPES["closing tag only"])

    def answer(body: dict[str, Any]) -> Sent:
        if body.get("logprobs"):
            return 200, chat("Okay", ended="length", listing={"Okay": 0.9, "A": 0.02, "B": 0.01})
        return whole(body)

    with serving(answer) as (url, _):
        assert opened(url).capabilities.scores == "sampled:20"


def test_a_chatty_model_is_no_thinker() -> None:
    def answer(body: dict[str, Any]) -> Sent:
        if body.get("logprobs"):
            return 200, chat("Sure", ended="length", listing={"Sure": 0.9, "A": 0.02, "B": 0.01})
        return 200, chat("Sure, the answer is A, of course.")

    with serving(answer) as (url, _):
        assert opened(url).capabilities.scores == "top"


def test_a_thought_where_the_probe_saw_none_fails_that_question() -> None:
    def answer(body: dict[str, Any]) -> Sent:
        if body.get("logprobs") and prompt_of(body) != PROMPT:
            return 200, chat("<think>", ended="length", listing={"<think>": 0.9, "A": 0.05, "B": 0.02})
        return usual(body)

    with serving(answer) as (url, _):
        model = opened(url)
        assert model.capabilities.scores == "top"
        with pytest.raises(ModelError, match="begins to think") as error:
            chosen(model)
        assert "--scores sampled" in error.value.hint


def test_texts_that_speak_of_thoughts_are_kept() -> None:
    said = "analysis of the text: I think the tag `<think>` is a thought."
    with serving(lambda body: usual(body) if prompt_of(body) == PROMPT else (200, chat(said))) as (url, _):
        assert written(opened(url)) == said


def error(code: Any = None, text: str = "no", **more: Any) -> dict[str, Any]:
    return {"error": {"message": text, **({} if code is None else {"code": code}), **more}}


PASSING = {
    "code 502": error(502, "provider disconnected"),
    "text code": error("server_error", "The server had an error"),
    "no code": error(None, "Something went wrong"),
    "plain text": {"error": "model is overloaded"},
    "with choices": {**chat("1. The"), **error(503, "later")},
    "in a choice": chat("1. The str", ended="error", error={"code": 502, "message": "Upstream error"}),
    "finish reason": chat("1. The str", ended="error"),
    "broken off": chat("1. The str", ended="insufficient_system_resource"),
    "empty": chat(""),
    "null": chat(None),
    "no choices": {"choices": []},
}
LASTING = {
    "code 400": error(400, "maximum context length is 512 tokens"),
    "code 403": error("403", "not for you, my text"),
    "moderation": error(None, "This text was flagged by moderation"),
    "context, as a server's error": error(500, "prompt is too long: maximum context length"),
    "type": error(None, "no such thing", type="invalid_request_error"),
    "in a choice, lasting": chat("", ended="error", error={"code": 400, "message": "this text was refused: my text"}),
    "filtered": chat("1. The", ended="content_filter"),
    "refusal": chat({"content": None, "refusal": "I can't help with this: my text"}),
    "FastAPI": {"detail": "invalid request: my text"},
}


@pytest.mark.parametrize("kind", PASSING)
def test_a_failure_that_passes_is_asked_again_and_its_fragment_is_no_answer(kind: str) -> None:
    failed: list[str] = []

    def answer(body: dict[str, Any]) -> Sent:
        if prompt_of(body) == "Why?" and not failed:
            failed.append(kind)
            return 200, PASSING[kind]
        return (200, chat("1. Rain.")) if prompt_of(body) == "Why?" else usual(body)

    with serving(answer) as (url, bodies):
        assert written(opened(url)) == "1. Rain."
        assert sum(prompt_of(body) == "Why?" for body in bodies) == 2


@pytest.mark.parametrize("kind", PASSING)
def test_a_failure_that_does_not_pass_is_that_prompts(kind: str) -> None:
    with serving(lambda body: (200, PASSING[kind]) if prompt_of(body) == "Why?" else usual(body)) as (url, _):
        model = opened(url)
        with pytest.raises(ModelError, match="failed 4 times"):
            written(model)
        assert chosen(model) == pytest.approx([0.7, 0.25])


@pytest.mark.parametrize("kind", LASTING)
def test_a_failure_that_lasts_is_told_at_once(kind: str) -> None:
    said = json.dumps(LASTING[kind])
    with serving(lambda body: (200, LASTING[kind]) if prompt_of(body) == "Why?" else usual(body)) as (url, bodies):
        model = opened(url)
        with pytest.raises(ModelError) as failure:
            written(model)
        assert sum(prompt_of(body) == "Why?" for body in bodies) == 1
        known = ("maximum context length", "my text", "flagged", "no such thing", "filtered")
        assert any(word in failure.value.message for word in known if word in said or word == "filtered")


@pytest.mark.parametrize(("code", "why"), [(401, "refuses the key"), (402, "quota"), ("insufficient_quota", "quota")])
def test_a_key_that_is_refused_in_a_success_ends_it_all(code: Any, why: str) -> None:
    with serving(lambda body: (200, error(code)) if prompt_of(body) == "Why?" else usual(body)) as (url, _):
        model = opened(url)
        with pytest.raises(UnavailableError, match=why):
            written(model)


def test_a_refused_text_is_one_failure_and_a_refused_key_the_end() -> None:
    shut: list[int] = []
    flagged = (403, error(403, "your input was flagged: idiot"))
    with serving(lambda body: flagged if "idiot" in prompt_of(body) or shut else usual(body)) as (url, _):
        model = opened(url)
        with pytest.raises(ModelError, match="flagged"):
            chosen(model, Question("You idiot. Answer:", ANSWERS))
        assert chosen(model) == pytest.approx([0.7, 0.25])
        shut.append(1)
        with pytest.raises(UnavailableError, match="refuses the key"):
            chosen(model)


def refusing(refused: Callable[[dict[str, Any]], bool], said: str, status: int = 400, *, lists: bool = True) -> Answer:
    def answer(body: dict[str, Any]) -> Sent:
        if not lists and body.get("logprobs"):
            return 400, error(None, "logprobs is not supported")
        return (status, error(None, said)) if refused(body) else usual(body)

    return answer


FIELDS: dict[str, tuple[Answer, dict[str, Any], str, Callable[[dict[str, Any]], bool]]] = {
    "n, at most 1": (
        refusing(lambda body: body.get("n", 1) > 1, "'n' : number must be at most 1", lists=False),
        {}, "one by one", lambda body: "n" not in body,
    ),
    "n, at most 4": (
        refusing(lambda body: body.get("n", 1) > 4, "n must be less than or equal to 4", lists=False),
        {}, "", lambda body: body.get("n", 1) <= 4,
    ),
    "temperature 0": (
        refusing(lambda body: body.get("temperature") == 0, "`temperature` must be strictly positive", 422),
        {}, "0.01", lambda body: body["temperature"] == 0.01,
    ),
    "any temperature": (
        refusing(lambda body: "temperature" in body, "Unsupported parameter: 'temperature'"),
        {}, "'temperature': it is left out", lambda body: "temperature" not in body,
    ),
    "hot": (
        refusing(lambda body: body.get("temperature", 1) > 1, "temperature: range 0..1, must be at most 1"),
        {"temperature": 1.5}, "no temperature above 1", lambda body: body["temperature"] == 1.0,
    ),
    "top_p": (
        refusing(lambda body: "top_p" in body, "temperature and `top_p` cannot both be specified: top_p"),
        {"temperature": 0.7}, "left out", lambda body: not {"temperature", "top_p"} <= body.keys(),
    ),
    "seed": (
        refusing(lambda body: "seed" in body, "Extra inputs are not permitted: seed", 422),
        {"temperature": 0.7}, "'seed': it is left out", lambda body: "seed" not in body,
    ),
    "few tokens": (
        refusing(lambda body: body["max_tokens"] < 16, "'max_output_tokens': below minimum value. Expected >= 16"),
        {}, "fewer than 16", lambda body: body["max_tokens"] >= 16,
    ),
    "many tokens": (
        refusing(lambda body: body["max_tokens"] > 200, "max_tokens is too large: 256. At most 200 are supported"),
        {}, "more than 200", lambda body: body["max_tokens"] <= 200,
    ),
    "a range of tokens": (
        refusing(lambda body: body["max_tokens"] > 200, "Invalid max_tokens value, the valid range is [1, 200]"),
        {}, "more than 200", lambda body: body["max_tokens"] == 200,
    ),
    "few tokens with log-probabilities": (
        refusing(lambda body: body.get("logprobs") and body["max_tokens"] < 4, "logprobs: at least 4 max_tokens"),
        {}, "fewer than 4", lambda body: body["max_tokens"] >= 4,
    ),
    "one token with log-probabilities": (
        refusing(lambda body: body["max_tokens"] < 2, "logprobs need more than one token to be generated"),
        {}, "fewer than 16", lambda body: body["max_tokens"] >= 16,
    ),
    "temperature, in Chinese": (
        refusing(lambda body: body.get("temperature") == 0, "temperature参数非法。取值范围是：(0.0,1.0)"),
        {}, "0.01", lambda body: body["temperature"] == 0.01,
    ),
    "hot, as a range": (
        refusing(lambda body: body.get("temperature", 1) > 1, "temperature: range: 0..1"),
        {"temperature": 1.5}, "no temperature above 1", lambda body: body["temperature"] == 1.0,
    ),
    "temperature or top_p": (
        refusing(lambda body: "top_p" in body, "`temperature` and `top_p` cannot both be specified"),
        {"temperature": 0.7}, "'top_p': it is left out", lambda body: body["temperature"] == 0.7,
    ),
    **{
        f"n, {status}: {said}": (
            refusing(lambda body: body.get("n", 1) > 1, said, status, lists=False),
            {}, "one by one", lambda body: "n" not in body,
        )
        for status, said in (
            (400, "Only one completion choice is allowed"), (400, "Multiple candidates is not enabled for this model"),
            (400, "Bad Request"), (501, "not implemented"),
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", FIELDS)
def test_a_refused_field_is_sent_in_another_way_and_that_is_said(kind: str) -> None:
    answer, options, said, taken = FIELDS[kind]
    with serving(answer) as (url, bodies):
        model = opened(url, **options)
        assert said in " ".join(model.capabilities.notes)
        assert chosen(model)[0] > 0.69
        assert written(model, temperature=options.get("temperature", 0.0)) == "A"
        assert taken(bodies[-1])
    with serving(usual) as (url, _):
        other = opened(url, **options)
        # How many answers come at a time changes none of them.
        assert model.revision == "chat sampled:20" if kind.startswith("n,") else model.revision != other.revision


def test_a_prompt_that_is_not_found_is_that_prompts() -> None:
    """Some gateways answer 404 for a text that no provider of theirs takes."""
    with serving(lambda body: (404, error(404, "no provider")) if prompt_of(body) == "Why?" else usual(body)) as (
        url,
        _,
    ):
        model = opened(url)
        with pytest.raises(ModelError, match="no provider"):
            written(model)
        assert chosen(model) == pytest.approx([0.7, 0.25])


def test_log_probabilities_that_are_forbidden_are_no_refused_key() -> None:
    forbidden = (403, error(None, "You are not allowed to request logprobs from this model"))
    with serving(lambda body: forbidden if body.get("logprobs") else usual(body)) as (url, _):
        assert opened(url).capabilities.scores == "sampled:20"


@pytest.mark.parametrize("status", [200, 400])
def test_an_error_in_a_list_is_told_by_its_message(status: int) -> None:
    told = status, [error(400, "too long a text: mine")]
    with serving(lambda body: told if prompt_of(body) == "Why?" else usual(body)) as (url, _):
        model = opened(url)
        with pytest.raises(ModelError, match=r"\(400\): too long a text: mine"):
            written(model)


def test_scores_do_without_texts_where_these_are_refused() -> None:
    refused = refusing(lambda body: not body.get("logprobs"), "no texts today")
    with serving(refused) as (url, _):
        model = opened(url)
        assert any("refuses to write" in note for note in model.capabilities.notes)
        assert chosen(model) == pytest.approx([0.7, 0.25])


@pytest.mark.parametrize("said", ["temperature", "n", "max_tokens must be at least 16", "nothing that helps", "seed"])
def test_a_server_that_refuses_everything_is_not_asked_for_ever(said: str) -> None:
    with serving(lambda _: (400, error(None, f"bad {said}"))) as (url, bodies):
        with pytest.raises(UnavailableError, match="takes no question"):
            opened(url)
        assert len(bodies) <= TRIES


@pytest.mark.parametrize("after", ["1e9", "inf", "86400", "Fri, 31 Dec 2999 23:59:59 GMT"])
@pytest.mark.parametrize("status", [429, 503, 500])
def test_a_server_that_wants_to_be_left_alone_for_days_is_a_failure(status: int, after: str) -> None:
    rests = (status, error(status, "closed"), {"Retry-After": after})
    with serving(lambda body: rests if prompt_of(body) == "Why?" else usual(body)) as (url, bodies):
        model = opened(url)
        with pytest.raises(UnavailableError, match="wants no request"):
            written(model)
        assert sum(prompt_of(body) == "Why?" for body in bodies) == 1


def test_bodies_are_utf8_whatever_the_header_says() -> None:
    latin = {"Content-Type": "application/json; charset=ISO-8859-1"}

    def answer(body: dict[str, Any]) -> Sent:
        if prompt_of(body) == "Why not?":
            return 400, json.dumps(error(400, "zu groß"), ensure_ascii=False).encode(), latin
        if prompt_of(body) == "Why?":
            return 200, json.dumps(chat("Straße – „naß“"), ensure_ascii=False).encode(), latin
        return usual(body)

    with serving(answer) as (url, _):
        model = opened(url)
        assert written(model) == "Straße – „naß“"
        with pytest.raises(ModelError, match="zu groß"):
            written(model, "Why not?")


@pytest.mark.parametrize("often", [1, 100])
def test_a_list_that_contradicts_itself_at_first_is_looked_at_again(often: int) -> None:
    tries: list[int] = []

    def answer(body: dict[str, Any]) -> Sent:
        if body.get("logprobs") and len(tries) < often:
            tries.append(1)
            return 200, chat("A", listing={"A": 0.9, "B": 0.9})
        return usual(body)

    with serving(answer) as (url, _):
        able = opened(url).capabilities
    assert able.scores == ("top" if often == 1 else "sampled:20")
    assert ("sum to more than 1" in " ".join(able.notes)) == (often > 1)


def test_drawn_answers_that_name_no_option_are_no_uniform_distribution() -> None:
    def answer(body: dict[str, Any]) -> Sent:
        if body.get("logprobs"):
            return 400, error(None, "logprobs is not supported")
        says = "A" if prompt_of(body) == PROMPT else "Okay, the user asks me for"
        return 200, chat(*[says] * body.get("n", 1), ended="length")

    with serving(answer) as (url, _), pytest.raises(ModelError, match="none of 20 drawn answers names an option"):
        chosen(opened(url))


@pytest.mark.parametrize(
    "write", [lambda text: f"{text} ", lambda text: f"{text}.", lambda text: f"token_id:{ord(text[0])}", lambda _: ""]
)
def test_a_list_whose_tokens_cannot_be_read_is_none(write: Callable[[str], str]) -> None:
    def answer(body: dict[str, Any]) -> Sent:
        sent = usual(body)
        if body.get("logprobs"):
            first = sent[1]["choices"][0]["logprobs"]["content"][0]
            for one in (first, *first["top_logprobs"]):
                one["token"] = write(one["token"])
        return sent

    with serving(answer) as (url, _):
        able = opened(url).capabilities
    assert able.scores == "sampled:20"
    assert any("list of tokens cannot be right" in note for note in able.notes)


def test_a_list_of_the_likeliest_token_only_is_none() -> None:
    one = 200, chat("A", listing={"A": 0.7})
    with serving(lambda body: one if body.get("logprobs") else usual(body)) as (url, _):
        able = opened(url).capabilities
    assert able.scores == "sampled:20"
    assert any("one token only" in note for note in able.notes)


@pytest.mark.parametrize("nothing", [None, math.nan, -math.inf])
def test_a_token_without_a_number_matters_where_it_may_begin_an_option(nothing: Any) -> None:
    def answer(body: dict[str, Any]) -> Sent:
        sent = usual(body)
        if body.get("logprobs"):
            tops = sent[1]["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
            tops.append({"token": without, "logprob": nothing})
        return sent

    with serving(answer) as (url, _):
        without = "x"
        model = opened(url)
        assert chosen(model) == pytest.approx([0.7, 0.25])
        without = " B"
        with pytest.raises(ModelError, match="no number for a token that may begin an option"):
            chosen(model)


def test_a_text_that_could_not_be_read_again_is_its_prompts_failure() -> None:
    """What is written must be read again: the answers for two dozen labels stand on one line."""
    assert 24 * LONGEST_TEXT < LONGEST_LINE
    said = ["It is wet. " * 500_000]

    def answer(body: dict[str, Any]) -> Sent:
        return (200, chat(said[0])) if prompt_of(body) == "Why?" else usual(body)

    with serving(answer) as (url, _):
        model = opened(url)
        with pytest.raises(ModelError, match=r"a text of 5,\d{3},\d{3} bytes in answer to 'Why\?'"):
            written(model)
        said[0] = "It is wet. " * 10_000
        assert written(model).startswith("It is wet. It is")


def test_malformed_listings_are_asked_for_again_and_said() -> None:
    tries: list[int] = []

    def answer(body: dict[str, Any]) -> Sent:
        if prompt_of(body) == QUESTION.prompt and not tries:
            tries.append(1)
            return 200, chat("A", listing={"A": 0.9, "B": 0.9})
        return usual(body)

    with serving(answer) as (url, _):
        model = opened(url)
        assert chosen(model) == pytest.approx([0.7, 0.25])
        assert any("malformed" in note and "more than 1" in note for note in model.capabilities.notes)
