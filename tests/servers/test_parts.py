"""The parts of the server backend, each alone: keys, waiting, how many at a time, portions, budgets, readings."""

from __future__ import annotations

import gzip
import math
import pickle
import threading
import time
import zlib
from collections.abc import Callable, Iterator

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.core.errors import ModelError, UnavailableError, UsageError
from labeldist.models.budget import Budget
from labeldist.models.server.adaptive import Slots, Window
from labeldist.models.server.endpoint import read_endpoint
from labeldist.models.server.failures import MalformedError
from labeldist.models.server.key import Key, key_for
from labeldist.models.server.listing import Listed, listed
from labeldist.models.server.parallel import answered
from labeldist.models.server.patience import Patience, retry_after
from labeldist.models.server.reply import replies
from labeldist.models.server.scores import Usage, named, sampled, top
from labeldist.models.server.token_bytes import Token
from labeldist.models.server.transport import LARGEST_BODY, _Body

LOCAL, FAR, CLEAR, OPENAI = (
    read_endpoint(f"m@{url}")
    for url in ("http://127.0.0.1:8000", "https://models.example.org", "http://10.0.0.7:8000", "https://api.openai.com")
)
OPTIONS = (("A", " A"), ("B", " B"), ("C", " C"))


def test_the_own_key_goes_anywhere_safe_and_openais_to_openai_and_home() -> None:
    own, openai = {"LABELDIST_API_KEY": "own-key-123"}, {"OPENAI_API_KEY": "openai-key-123"}
    for endpoint in (LOCAL, FAR, OPENAI):
        key = key_for(endpoint, own | openai)
        assert key is not None
        assert key.reveal() == "own-key-123"
    assert [key_for(endpoint, openai) is None for endpoint in (LOCAL, FAR, OPENAI, CLEAR)] == [False, True, False, True]
    with pytest.raises(UsageError, match="unencrypted") as error:
        key_for(CLEAR, own)
    assert "own-key" not in str(error.value)
    assert key_for(CLEAR, {}) is None
    with pytest.raises(UsageError, match="no key"):
        key_for(FAR, {"LABELDIST_API_KEY": "two words"})


@pytest.mark.parametrize("url", ["http://[::1]:8000", "http://localhost", "http://127.3.4.5/v1"])
def test_this_machine_is_known(url: str) -> None:
    assert read_endpoint(f"m@{url}").loopback


@pytest.mark.parametrize("url", ["http://localhost.example.org", "http://128.0.0.1", "https://openai.com.example.org"])
def test_other_machines_are_not_taken_for_it(url: str) -> None:
    endpoint = read_endpoint(f"m@{url}")
    assert not endpoint.loopback
    assert not endpoint.openai


@given(st.text(), st.text(st.sampled_from("abcdef0123-_"), min_size=1, max_size=40), st.text())
def test_a_key_is_in_no_text_that_was_hidden(before: str, value: str, after: str) -> None:
    key = Key(value)
    around = ("", "") if len(value) >= 8 else (" ", " ")  # a short key is hidden as a word only
    hidden = key.hide(before + value.join(around) + after).replace("[key]", "\0")
    assert value.join(around) not in hidden
    assert not any(value[at : at + 8] in hidden for at in range(len(value) - 7))
    assert repr(key) == str(key) == "Key([key])"
    with pytest.raises(TypeError):
        pickle.dumps(key)


@given(st.text(max_size=30))
def test_other_texts_stay_as_they_are(text: str) -> None:
    key = Key("Zq8-never-in-a-text")
    assert key.hide(text) == text


def test_a_short_key_is_hidden_as_a_word_only() -> None:
    assert Key("1234").hide("0.123456, key 1234, x1234") == "0.123456, key [key], x1234"


def test_waits_grow_are_bounded_and_obey_the_server() -> None:
    patience = Patience(first=1.0, longest=8.0)
    for tries, most in ((1, 1.0), (2, 2.0), (4, 8.0), (50, 8.0)):
        waits = [patience.wait(tries) for _ in range(200)]
        assert most / 2 <= min(waits) < max(waits) <= most
        assert max(waits) - min(waits) > most / 4, "without chance all come back at once"
    assert patience.wait(1, 33.0) == 33.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3), ("0.25", 0.25), ("-5", 0.0), ("inf", math.inf), ("1e9", 1e9), ("nan", None), ("", None), (None, None)],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


def test_a_window_grows_fast_then_slowly_and_halves_once_for_requests_together() -> None:
    window = Window(most=64)
    for _ in range(28):
        window.answered()
    assert window.size == 32
    for began in (9.0, 9.5, 9.9):  # all under way when the first of them failed at 10
        window.overloaded(began, now=10.0)
    assert window.size == 16
    for _ in range(16):
        window.answered()
    assert window.size == 16, "sixteen answers at a size of 16 or more are not quite one more"
    window.answered()
    assert window.size == 17
    window.overloaded(began=10.5, now=11.0)
    assert window.size == 8
    for at in range(20):
        window.overloaded(began=12.0 + at, now=12.5 + at)
    assert window.size == 1


@given(st.integers(1, 40), st.lists(st.one_of(st.none(), st.floats(0, 100)), max_size=200))
def test_a_window_stays_between_one_and_the_most(most: int, events: list[float | None]) -> None:
    window = Window(most)
    for event in events:
        if event is None:
            window.answered()
        else:
            window.overloaded(event, event + 1)
        assert 1 <= window.size <= most


def test_slots_hold_back_while_the_server_rests() -> None:
    now = [0.0]
    slots = Slots(8, clock=lambda: now[0])
    slots.overloaded(0.0, rest=100.0)
    entered = threading.Event()

    def enter() -> None:
        with slots.slot():
            entered.set()

    thread = threading.Thread(target=enter, daemon=True)
    thread.start()
    assert not entered.wait(0.1)
    now[0] = 101.0
    slots.answered()  # wakes who waits
    assert entered.wait(2.0)
    thread.join()


def test_nobody_waits_for_a_turn_after_the_end() -> None:
    slots = Slots(8)
    slots.overloaded(0.0, rest=100.0)
    entered, stop = threading.Event(), threading.Event()

    def enter() -> None:
        with slots.slot(stop.is_set):
            entered.set()

    threading.Thread(target=enter, daemon=True).start()
    assert not entered.wait(0.1)
    stop.set()
    slots.stopped()
    assert entered.wait(2.0)


def test_no_more_requests_than_slots() -> None:
    slots = Slots(3)
    under_way, most = [0], [0]
    lock = threading.Lock()

    def request(_: int) -> int:
        with slots.slot():
            with lock:
                under_way[0] += 1
                most[0] = max(most[0], under_way[0])
            time.sleep(0.002)
            with lock:
                under_way[0] -= 1
        slots.answered()
        return 0

    assert sum(len(portion) for portion in answered(request, range(60), 20)) == 60
    assert most[0] == 3


def take(portions: Iterator[dict[int, int]], found: dict[int, int], after: Callable[[], object] = lambda: None) -> None:
    for portion in portions:
        found |= portion
        after()


def test_portions_come_while_others_wait_and_errors_last() -> None:
    gate = threading.Event()

    def ask(place: int) -> int:
        if place == 0:
            gate.wait(5)
        if place == 2:
            raise ModelError("two is bad")
        return place * 10

    portions = answered(ask, range(5), 3)
    found: dict[int, int] = {}
    with pytest.raises(ModelError, match="two is bad"):
        take(portions, found, lambda: len(found) == 3 and gate.set())
    assert found == {0: 0, 1: 10, 3: 30, 4: 40}


def test_nothing_is_begun_after_the_end_and_what_is_under_way_is_given() -> None:
    begun: list[int] = []

    def ask(place: int) -> int:
        begun.append(place)
        if place == 3:
            raise UnavailableError("gone")
        time.sleep(0.05)
        return place

    found: dict[int, int] = {}
    with pytest.raises(UnavailableError, match="gone"):
        take(answered(ask, range(100), 4), found)
    assert len(begun) <= 8
    assert set(found) == set(begun) - {3}


def test_an_answer_is_taken_before_the_next_question_of_its_thread() -> None:
    begun: list[int] = []
    portions = answered(lambda place: begun.append(place), range(100), 4)
    given = len(next(portions))
    time.sleep(0.1)
    # What was given is not in safe hands before the taker comes back, so no thread may go on.
    assert len(begun) <= 4
    assert given <= len(begun)
    portions.close()
    time.sleep(0.1)
    assert len(begun) <= 8


def test_a_budget_counts_what_may_have_been_computed() -> None:
    budget = Budget(max_tokens=100)
    reserved = budget.reserve("x" * 30, 5)
    budget.fail(reserved, computed=True)
    assert budget.tokens == 36
    budget.fail(budget.reserve("x" * 30, 5), computed=False)
    assert budget.tokens == 36
    with pytest.raises(UnavailableError, match="100 tokens"):
        budget.reserve("x" * 80, 5)
    budget.settle(budget.reserve("x" * 30, 5), 10, 1)
    assert budget.tokens == 47
    budget.settle(budget.reserve("x" * 80, 5), 27, 1)  # three bytes make a token, as was seen
    with pytest.raises(UnavailableError, match="budget"):
        budget.reserve("x" * 80, 5)


def chat(pairs: list[tuple[object, object]], drawn: tuple[object, object] | None = None) -> dict[str, object]:
    first = drawn or pairs[0]
    told = [{"token": token, "logprob": value} for token, value in pairs]
    return {"choices": [{"logprobs": {"content": [{"token": first[0], "logprob": first[1], "top_logprobs": told}]}}]}


def listing(tokens: dict[str, float], least: float | None = None) -> Listed:
    return Listed({Token(text.encode()): value for text, value in tokens.items()}, least)


def test_a_drawn_token_that_is_not_listed_changes_nothing() -> None:
    found = listed(chat([("A", -0.5), ("B", -2.0)], drawn=("z", -9.0)), 20)
    assert found == listing({"A": -0.5, "B": -2.0}, -2.0)
    scores = top(found, OPTIONS, Usage(1, 1))
    left = math.log(1 - math.exp(-0.5) - math.exp(-2.0))
    assert scores.logits == pytest.approx((-0.5, -2.0, min(-2.0 + math.log(2), left)))


def test_an_option_that_is_not_listed_may_have_each_of_its_spellings() -> None:
    found = listing({"A": math.log(0.5), "x": math.log(0.1)}, math.log(0.1))
    scores = top(found, (("A",), ("B", " B"), ("C",)), Usage(1, 1))
    assert [math.exp(value) for value in scores.logits] == pytest.approx([0.5, 0.2, 0.1])
    assert [math.exp(value) for value in scores.likeliest] == pytest.approx([0.5, 0.1, 0.1])


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, (5, 100, True)),
        ({"prompt_tokens": 7}, (7, 100, True)),
        ({"completion_tokens": 9}, (5, 9, True)),
        ({"prompt_tokens": 10**20, "completion_tokens": 9}, (5, 9, True)),
        ({"prompt_tokens": 7, "completion_tokens": 9}, (7, 9, False)),
    ],
)
def test_tokens_that_are_not_told_are_estimated(usage: object, expected: tuple[int, int, bool]) -> None:
    choices = [{"message": {"content": "x" * 200}}, {"message": {"content": None, "reasoning_content": "y" * 197}}]
    found = Usage.of({"choices": choices, "usage": usage}, "p" * 20)
    assert (found.prompt_tokens, found.new_tokens, found.estimated) == expected


@given(st.text(st.sampled_from("ab\ud83d\ude00"), max_size=8))
def test_text_of_a_server_can_be_kept(text: str) -> None:
    said = replies({"choices": [{"text": text}]})[0].text
    assert said.encode().decode() == said
    assert said.replace("\ufffd", "") == text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")


class _Parts(httpx2.SyncByteStream):
    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, len(self._data), 1000):
            yield self._data[at : at + 1000]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity"])
def test_packed_answers_are_unpacked_and_bounded_by_what_they_hold(encoding: str) -> None:
    packing: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress}

    def read(data: bytes) -> int:
        stream = _Body(_Parts(packing.get(encoding, bytes)(data)), encoding)
        return sum(map(len, stream))

    assert read(b"x" * 5000) == 5000
    with pytest.raises(httpx2.ReadError, match="more than"):
        read(bytes(LARGEST_BODY + 1))


def test_a_token_that_begins_two_options_means_neither() -> None:
    options = (("Neutral",), ("Negative",), ("Yes",))
    found = listing({"Ne": math.log(0.05), "Neut": math.log(0.5), "Neg": math.log(0.3)}, math.log(0.1))
    scores = top(found, options, Usage(1, 1))
    assert [math.exp(value) for value in scores.logits] == pytest.approx([0.5, 0.3, 0.1])
    assert [math.exp(value) for value in scores.most] == pytest.approx([0.65, 0.45, 0.1])
    assert scores.unlisted == 1
    found = listing({"Ne": math.log(0.5), "Neut": math.log(0.2), "Neg": math.log(0.1)}, math.log(0.1))
    with pytest.raises(UnavailableError, match="only 'Neutral' and not 'Negative'"):
        top(found, options, Usage(1, 1))


@pytest.mark.parametrize(
    "answer",
    [
        None, [], {}, {"choices": []}, {"choices": [{}]}, {"choices": [{"logprobs": None}]},
        {"choices": [{"logprobs": {"content": []}}]}, {"choices": [{"logprobs": {"content": None}}]},
        chat([("A", 3.0)]), chat([("A", "-1")]), chat([(7, -1.0)]), chat([("A", None)]), chat([("A", True)]),
        chat([("A", -9999.0)]), chat([("A", float("-inf"))]), chat([("A", float("nan"))]),
        chat([("A", -0.1), ("B", -0.1)]),
    ],
)  # fmt: skip
def test_answers_of_another_shape_are_malformed(answer: object) -> None:
    with pytest.raises(MalformedError):
        listed(answer)


@given(st.dictionaries(st.sampled_from(["A", " A", "B", " B", "C", "x", "y", "The"]), st.floats(0.001, 1), min_size=1))
def test_bounds_are_never_below_what_can_be(weights: dict[str, float]) -> None:
    """Whatever the tokens that are not listed have, it is no more than the bound, nor than what is left."""
    total = sum(weights.values()) * 1.25
    pairs = sorted(((token, math.log(weight / total)) for token, weight in weights.items()), key=lambda pair: -pair[1])
    scores = top(listed(chat(list(pairs))), OPTIONS, Usage(1, 1))
    for option, value in zip(OPTIONS, scores.logits, strict=True):
        inside = [weights[token] / total for token in option if token in weights]
        assert math.isfinite(value)
        if inside:
            assert math.exp(value) == pytest.approx(sum(inside))
        else:
            assert math.exp(value) <= 0.2 + 1e-9


@pytest.mark.parametrize(
    ("text", "option"),
    [("A", 0), (" B.\n", 1), ("C) because", 2), ("A: yes", 0), ("A or B", None), ("Answer: A", None), ("", None),
     ("AB", None), ("a", None), ("(A)", None), ("D", None), ("B\nSince", 1)],
)  # fmt: skip
def test_drawn_answers_are_read_strictly(text: str, option: int | None) -> None:
    assert named(text, OPTIONS) == option


def test_drawn_answers_that_name_nothing_lower_the_answer_mass() -> None:
    scores = sampled(["?"] * 20, OPTIONS, 1, 1)
    assert len(set(scores.logits)) == 1
    assert sum(math.exp(value) for value in scores.logits) == pytest.approx(1.5 / 21.5)


@pytest.mark.parametrize("never", [-744.0, -800.0, -1000.0, -9998.0])
def test_a_listed_token_that_cannot_come_has_a_score(never: float) -> None:
    """Its exponential is 0, of which there is no logarithm."""
    listed = Listed({Token(b"A"): math.log(0.9), Token(b"B"): never}, least=never)
    found = top(listed, (("A",), ("B",), ("C",)), Usage(9, 1))
    assert found.logits[0] == pytest.approx(math.log(0.9))
    assert all(math.isfinite(logit) and logit < -700 for logit in found.logits[1:])
    assert all(math.isfinite(logit) for logit in (*found.most, *found.likeliest))
