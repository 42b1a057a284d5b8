"""What a server says of itself, which route and how long a list it gives: all kinds of servers, the odd ones too."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from labeldist.core.errors import UnavailableError, UsageError
from labeldist.models.base import AnswerScores, Question, in_order
from labeldist.models.open import ModelOptions
from labeldist.models.server.endpoint import read_endpoint
from labeldist.models.server.model import ServerModel, open_server
from labeldist.models.server.patience import Patience

QUICK = Patience(retries=1, first=0.01, longest=0.02, timeout=5.0)
ANSWERS = (("A", " A"), ("B", " B"))
QUESTIONS = [Question(f"Which is it, {number:02d}?\nA. this\nB. that\nAnswer:", ANSWERS) for number in range(24)]
LLAMA = {"id": "m.gguf", "aliases": ["m", "small"], "owned_by": "llamacpp", "meta": {"n_params": 7, "n_ctx": 512}}
CHAT, BARE = "/v1/chat/completions", "/v1/completions"


@dataclass
class Kind:
    """A server: the models it lists (None: no list), its pages, the mass of A and B by route (of which some may be
    missing), how long a list it gives, what it does with one that is too long (refuse, fail or cut), and which fields
    it refuses. Options of questions whose number is in ``deep`` come after 1,500 other tokens.
    """

    models: list[dict[str, Any]] | None = field(default_factory=lambda: [{"id": "m"}])
    pages: dict[str, Any] = field(default_factory=dict)
    mass: dict[str, float] = field(default_factory=lambda: {CHAT: 0.9, BARE: 0.9})
    longest: int = 20
    too_long: str = "refuse"
    refuses: tuple[str, ...] = ()
    says_which: bool = True
    logprobs: bool = True
    deep: tuple[int, ...] = ()
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    most_at_once: int = 0
    answering: int = 0

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        refused = next((name for name in self.refuses if name in body), None)
        if path not in self.mass:
            return 404, {"error": {"message": "no such route"}}
        if refused:
            return 400, {"error": {"message": f"unknown field {refused!r}" if self.says_which else "Bad Request"}}
        count = body.get("top_logprobs", body.get("logprobs")) or 0
        if not self.logprobs and count:
            return 400, {"error": {"message": "logprobs are not supported"}}
        if count > self.longest and self.too_long != "cut":
            status = 400 if self.too_long == "refuse" else 500
            return status, {"error": {"message": f"top_logprobs is {count}, of at most {self.longest}"}}
        told = self.listing(path, body, min(count, self.longest)) if count else None
        choice = {"message": {"content": "A"}} if path == CHAT else {"text": "A"}
        choices = [{**choice, "finish_reason": "length", "logprobs": told}] * body.get("n", 1)
        return 200, {"choices": choices, "usage": {"prompt_tokens": 9, "completion_tokens": 1}}

    def listing(self, path: str, body: dict[str, Any], count: int) -> dict[str, Any]:
        prompt = body["messages"][0]["content"] if path == CHAT else body["prompt"]
        mass = self.mass[path]
        if any(f"it, {number:02d}?" in prompt for number in self.deep):
            mass = 1e-7
        shares = {"A": mass * 0.7, "B": mass * 0.3}
        shares |= {f"t{n}": (1 - mass) * (2.0**-n if n < 19 else 2e-6 if n < 1500 else 1e-9) for n in range(1, 3000)}
        top = sorted(shares.items(), key=lambda pair: -pair[1])[:count]
        entries = [{"token": token, "logprob": math.log(share)} for token, share in top]
        return {"content": [{**entries[0], "top_logprobs": entries}]}


@contextmanager
def serving(kind: Kind) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            if self.path == "/v1/models" and kind.models is not None:
                self.reply(200, {"data": kind.models})
            elif (page := self.path.partition("?")[0]) in kind.pages:
                self.reply(200, kind.pages[page])
            else:
                self.reply(404, {"error": {"message": "no such page"}})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kind.sent.append((self.path, body))
            kind.answering += 1
            kind.most_at_once = max(kind.most_at_once, kind.answering)
            self.reply(*kind.answer(self.path, body))
            kind.answering -= 1

        def reply(self, status: int, told: Any) -> None:
            data = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()


def opened(url: str, name: str = "m", **options: Any) -> ServerModel:
    return open_server(read_endpoint(f"{name}@{url}"), ModelOptions(**options), QUICK)


def looked_at(kind: Kind, name: str = "m", **options: Any) -> ServerModel:
    with serving(kind) as url:
        return opened(url, name, **options)


def scores(model: ServerModel) -> list[AnswerScores]:
    return in_order(model.answer_scores(QUESTIONS), len(QUESTIONS), model.name)


# --- the route


@pytest.mark.parametrize(
    ("chat", "bare", "expected"), [(0.043, 0.49, "completions"), (0.49, 0.043, "chat"), (0.6, 0.9, "chat"),
     (0.038, 0.041, "chat")],
)  # fmt: skip
def test_the_route_with_more_mass_on_the_options_is_taken(chat: float, bare: float, expected: str) -> None:
    kind = Kind(mass={CHAT: chat, BARE: bare})
    with serving(kind) as url:
        model = opened(url)
        found = scores(model)[0]
    assert model.revision.split()[0] == expected
    assert math.fsum(map(math.exp, found.logits)) == pytest.approx(bare if expected == "completions" else chat)
    told = [note for note in model.capabilities.notes if "--route" in note]
    assert len(told) == (expected == "completions")
    assert not told or ("0.49" in told[0] and "0.043" in told[0])


@pytest.mark.parametrize("route", ["chat", "completions"])
def test_a_route_can_be_forced(route: str) -> None:
    kind = Kind(mass={CHAT: 0.04, BARE: 0.5} if route == "chat" else {CHAT: 0.9, BARE: 0.1})
    model = looked_at(kind, route=route)
    assert model.revision.split()[0] == route
    assert {path for path, _ in kind.sent} - {"/tokenize"} == {CHAT if route == "chat" else BARE}


@pytest.mark.parametrize(("route", "there"), [("chat", BARE), ("completions", CHAT)])
def test_a_forced_route_that_is_not_there_is_an_error(route: str, there: str) -> None:
    with pytest.raises(UnavailableError, match="no such route") as error:
        looked_at(Kind(mass={there: 0.9}), route=route)
    assert f"--route {route}" in error.value.hint


def test_a_server_without_a_completions_route_is_asked_in_chats() -> None:
    model = looked_at(Kind(mass={CHAT: 0.04}))
    assert model.revision.split()[:2] == ["chat", "top"]


def test_a_route_of_another_name_is_refused() -> None:
    with pytest.raises(UsageError, match="no route is named 'responses'"):
        looked_at(Kind(), route="responses")


# --- the list


@pytest.mark.parametrize(
    ("longest", "too_long", "usual", "most"),
    [(20, "refuse", 20, 0), (20, "fail", 20, 0), (20, "cut", 20, 0), (50, "cut", 50, 0), (150, "refuse", 100, 0),
     (150, "cut", 100, 150), (3000, "refuse", 100, 2000), (5, "refuse", 5, 0)],
)  # fmt: skip
def test_as_long_a_list_is_asked_for_as_the_server_gives(longest: int, too_long: str, usual: int, most: int) -> None:
    model = looked_at(Kind(longest=longest, too_long=too_long))
    assert (model.abilities.listed, model.abilities.most_listed) == (usual, most)
    assert model.capabilities.scores == "top"


def test_the_longest_list_is_asked_for_where_an_option_is_not_in_a_short_one() -> None:
    kind = Kind(longest=3000, deep=(3, 7))
    with serving(kind) as url:
        model = opened(url)
        kind.sent.clear()
        found = scores(model)
    asked = [(body["messages"][0]["content"], body["top_logprobs"]) for _, body in kind.sent]
    assert sorted(count for _, count in asked) == [100] * 24 + [2000] * 2
    assert {prompt for prompt, count in asked if count == 2000} == {QUESTIONS[3].prompt, QUESTIONS[7].prompt}
    assert [one.unlisted for one in found] == [0] * 24
    assert [one.prompt_tokens for one in found[2:5]] == [9, 18, 9]
    assert math.exp(found[3].logits[0]) == pytest.approx(0.7e-7, rel=1e-6)


def test_a_longer_list_is_another_revision() -> None:
    told = {looked_at(Kind(longest=longest)).revision for longest in (20, 120, 3000)}
    assert told == {"chat top", "chat top:100", "chat top:2000"}


# --- who it is


def test_another_model_on_the_same_port_is_another_revision() -> None:
    plain = looked_at(Kind(models=[{"id": "m"}])).revision
    llama = looked_at(Kind(models=[LLAMA])).revision
    bigger = looked_at(Kind(models=[LLAMA | {"meta": {"n_params": 8, "n_ctx": 512}}])).revision
    roomier = looked_at(Kind(models=[LLAMA | {"meta": {"n_params": 7, "n_ctx": 99}}])).revision
    page = {"/props": {"total_slots": 1, "model_path": "/other/file.gguf"}}
    moved = looked_at(Kind(models=[LLAMA], pages=page)).revision
    template = looked_at(Kind(models=[LLAMA], pages={"/props": page["/props"] | {"chat_template": "x"}})).revision
    assert len({plain, llama, bigger, moved, template}) == 5
    assert roomier == llama
    assert "/other" not in moved


def test_a_name_that_is_not_listed_is_told_with_those_that_are(caplog: pytest.LogCaptureFixture) -> None:
    model = looked_at(Kind(models=[{"id": "/models/a.gguf"}]), name="b")
    [note] = [note for note in model.capabilities.notes if "lists no model 'b'" in note]
    assert "/models/a.gguf" in note
    assert note in caplog.text
    other = looked_at(Kind(models=[{"id": "/models/c.gguf"}]), name="b")
    assert model.revision != other.revision, "the answers of two models under one name would be mixed"
    assert "/models" not in model.revision
    many = looked_at(Kind(models=[{"id": f"m{number:02d}"} for number in range(30)]), name="b")
    assert "m19 and 10 more" in " ".join(many.capabilities.notes)
    assert many.revision == "chat top"


@pytest.mark.parametrize("name", ["m.gguf", "m", "small"])
def test_names_and_aliases_of_a_model_are_its_own(name: str, caplog: pytest.LogCaptureFixture) -> None:
    assert not [note for note in looked_at(Kind(models=[LLAMA]), name=name).capabilities.notes if "lists" in note]
    assert not caplog.text


@pytest.mark.parametrize("models", [None, [], [{"name": "m"}], ["m"]])
def test_a_server_that_lists_no_models_works(models: Any) -> None:
    model = looked_at(Kind(models=models))
    assert model.revision == "chat top"
    assert not model.capabilities.notes


@pytest.mark.parametrize("drawn", [{"token": "", "bytes": []}, {"token": "", "bytes": [240]}, {"token": "\ufffd"}])
def test_that_a_token_without_text_was_drawn_tells_nothing_of_the_list(drawn: dict[str, Any]) -> None:
    """An end of text, or a part of a character, by chance; that no option is in the list does not make it wrong."""

    class Drawn(Kind):
        def listing(self, path: str, body: dict[str, Any], count: int) -> dict[str, Any]:
            [first] = super().listing(path, body, count)["content"]
            one = {**drawn, "logprob": -9.0}
            return {"content": [{**one, "top_logprobs": [*first["top_logprobs"], one]}]}

    model = looked_at(Drawn(mass={CHAT: 1e-7}))
    assert model.abilities.scores == "top"


# --- how many at a time


def test_each_slot_of_llama_cpp_gets_a_contiguous_part_to_itself() -> None:
    kind = Kind(models=[LLAMA], pages={"/props": {"total_slots": 3}}, longest=3000)
    with serving(kind) as url:
        model = opened(url, concurrency=16)
        kind.sent.clear()
        scores(model)
    assert model.capabilities.at_once == 1
    parts: dict[int, list[str]] = {}
    for _, body in kind.sent:
        parts.setdefault(body["id_slot"], []).append(body["messages"][0]["content"])
    assert sorted(parts) == [0, 1, 2]
    assert sorted(prompt for part in parts.values() for prompt in part) == [one.prompt for one in QUESTIONS]
    for number, part in parts.items():
        own = [one.prompt for one in QUESTIONS[number * 8 : number * 8 + 8]]
        assert part[: len(own) // 2] == own[: len(own) // 2], "it went back and forth, and lost what it had cached"


def test_llama_cpp_is_asked_one_question_after_another_and_for_a_text_of_each_slot() -> None:
    kind = Kind(models=[LLAMA], pages={"/props": {"total_slots": 3}}, longest=3000)
    with serving(kind) as url:
        model = opened(url)
        kind.sent.clear()
        scores(model)
        asked = [(body["messages"][0]["content"], body["id_slot"]) for _, body in kind.sent]
        kind.sent.clear()
        list(model.write([f"Why {number}?" for number in range(9)], max_new_tokens=9))
    assert asked == [(one.prompt, 0) for one in QUESTIONS]
    assert {body["id_slot"] for _, body in kind.sent} == {0, 1, 2}


@pytest.mark.parametrize(
    ("models", "pages", "concurrency", "slots"),
    [([LLAMA], {}, 16, 1), ([LLAMA], {"/props": {"total_slots": 4}}, 2, 2), ([LLAMA], {"/props": [1]}, 16, 1),
     ([{"id": "m", "owned_by": "me"}], {"/openapi.json": {"info": {"title": "llama.cpp Python API"}}}, 16, 1)],
)  # fmt: skip
def test_no_more_requests_are_under_way_than_there_are_slots(
    models: list[dict[str, Any]], pages: dict[str, Any], concurrency: int, slots: int
) -> None:
    kind = Kind(models=models, pages=pages)
    with serving(kind) as url:
        model = opened(url, concurrency=concurrency)
        kind.sent.clear()
        scores(model)
    sent = [body["messages"][0]["content"] for _, body in kind.sent]
    assert len({body.get("id_slot") for _, body in kind.sent}) == slots
    assert (sent == sorted(sent)) == (slots == 1), "one slot: in order"
    assert ("id_slot" in kind.sent[-1][1]) == (models == [LLAMA])


OLLAMA = {"id": "m:latest", "owned_by": "library"}
OLLAMA_PAGE = {"/api/version": {"version": "0.30.7"}}


@pytest.mark.parametrize(("concurrency", "at_once"), [(None, 1), (4, 4)])
def test_ollama_is_asked_one_question_after_another_unless_its_user_knows_better(
    concurrency: int | None, at_once: int
) -> None:
    kind = Kind(models=[OLLAMA], pages=OLLAMA_PAGE)
    with serving(kind) as url:
        model = opened(url, concurrency=concurrency)
        kind.sent.clear()
        scores(model)
    assert model.capabilities.at_once == 1
    assert "id_slot" not in kind.sent[-1][1]
    sent = [body["messages"][0]["content"] for _, body in kind.sent]
    assert kind.most_at_once <= at_once
    assert (sent == sorted(sent)) == (at_once == 1)


@pytest.mark.parametrize("name", ["m", "m:latest"])
def test_a_name_without_its_tag_is_the_latest(name: str, caplog: pytest.LogCaptureFixture) -> None:
    looked_at(Kind(models=[OLLAMA, {"id": "other:7b"}], pages=OLLAMA_PAGE), name)
    assert not caplog.records


@pytest.mark.parametrize("page", [{}, {"/api/version": []}, {"/api/version": {"error": "?"}}])
def test_a_model_with_a_colon_in_its_name_is_not_yet_ollama(page: dict[str, Any]) -> None:
    kind = Kind(models=[{"id": "ft:m:org"}], pages=page)
    assert looked_at(kind, "ft:m:org").abilities.identity.program == ""


# --- sampling


@pytest.mark.parametrize(
    ("owner", "expected"),
    [("llamacpp", {"samplers": ["temperature"], "top_k": 0, "min_p": 0.0, "top_p": 1.0}),
     ("vllm", {"repetition_penalty": 1.0, "top_k": 0, "min_p": 0.0, "top_p": 1.0}),
     ("somebody", {"top_k": 0, "min_p": 0.0, "top_p": 1.0})],
)  # fmt: skip
def test_answers_are_drawn_from_all_tokens(owner: str, expected: dict[str, Any]) -> None:
    kind = Kind(models=[{"id": "m", "owned_by": owner}], logprobs=False)
    with serving(kind) as url:
        model = opened(url, temperature=0.7)
        scores(model)
        drawn = kind.sent[-1][1]
        list(model.write(["Why?"], max_new_tokens=9, temperature=0.7))
        written = kind.sent[-1][1]
    assert model.capabilities.scores == "sampled:20"
    assert drawn.get("n", 1) == (1 if owner == "llamacpp" else 20)
    assert drawn.items() >= expected.items()
    assert written.items() >= expected.items()
    told = [note for note in model.capabilities.notes if "ignores these fields" in note]
    assert len(told) == (owner == "somebody")


@pytest.mark.parametrize("says_which", [True, False])
def test_a_server_that_refuses_these_fields_goes_without_and_that_is_said(says_which: bool) -> None:
    kind = Kind(logprobs=False, refuses=("top_k", "min_p"), says_which=says_which)
    with serving(kind) as url:
        model = opened(url, temperature=0.7)
        assert scores(model)[0].logits[0] > math.log(0.9)
        assert not {"top_k", "min_p"} & kind.sent[-1][1].keys()
        list(model.write(["Why?"], max_new_tokens=9, temperature=0.7))
        assert not {"top_k", "min_p"} & kind.sent[-1][1].keys()
    notes = " ".join(model.capabilities.notes)
    assert "refuses 'top_k': it is left out" in notes
    assert "refuses 'min_p': it is left out" in notes
    assert "without" in model.revision
