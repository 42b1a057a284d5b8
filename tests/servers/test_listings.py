"""What listings of tokens say of options, whatever tokens look like: bounds that hold, and values that are true."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labeldist.core.errors import ModelError, UnavailableError
from labeldist.models.server.failures import MalformedError
from labeldist.models.server.listing import begins_with_thought, listed
from labeldist.models.server.scores import NEGLIGIBLE, Usage, top
from labeldist.models.server.token_bytes import read_tokens

WORDS = ("yes", "no", "not sure", "蕴含", "中立", "矛盾", "équivoque", "é", "鸡", "unlikely", "unsure", "A", "B")
JUNK = (b"The", b" I", b"\n", b" ", b"\xf0\x9f", b"\xe8", b"z", b"<", "我".encode(), b"y", b"e")


def byte_level(data: bytes) -> str:
    """As GPT-2's tokenizer writes bytes, written down anew: visible ones as they are, the others from U+0100 on."""
    letters, more = {}, 256
    for byte in range(256):
        if 33 <= byte <= 126 or 161 <= byte <= 172 or byte >= 174:
            letters[byte] = chr(byte)
        else:
            letters[byte], more = chr(more), more + 1
    return "".join(letters[byte] for byte in data)


def plain(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def sentence_piece(data: bytes) -> str:
    try:
        return data.decode().replace(" ", "▁")
    except UnicodeDecodeError:
        return "".join(f"<0x{byte:02X}>" for byte in data)


DRAWINGS = {"plain": plain, "bytes": plain, "encoded text": plain, "▁": sentence_piece, "Ġ": byte_level}


@dataclass(frozen=True)
class World:
    """Options, a vocabulary of token ids, their true probabilities, and how a server lists the likeliest."""

    options: tuple[tuple[str, ...], ...]
    tokens: tuple[bytes, ...]
    shares: tuple[float, ...]
    most: int
    drawing: str
    drawn: int
    twice: bool
    in_place: bool

    @property
    def likeliest(self) -> list[int]:
        return sorted(range(len(self.tokens)), key=lambda at: (-self.shares[at], at))[: self.most]

    def told(self, at: int) -> dict[str, Any]:
        text = DRAWINGS[self.drawing](self.tokens[at])
        data = {"bytes": self.tokens[at], "encoded text": text.encode()}.get(self.drawing)
        more = {} if data is None else {"bytes": list(data)}
        return {"token": text, "logprob": math.log(self.shares[at]), **more}

    def answer(self) -> dict[str, Any]:
        """As servers answer: the drawn token beside the list, in it, in it twice, or in it in place of another."""
        shown = self.likeliest
        if self.drawn in shown:
            shown = [self.drawn, *shown] if self.twice else shown
        elif self.in_place:
            shown = [self.drawn, *shown[:-1]]
        first = {**self.told(self.drawn), "top_logprobs": [self.told(at) for at in shown]}
        return {"choices": [{"message": {"content": "?"}, "logprobs": {"content": [first]}, "finish_reason": "stop"}]}

    def begun(self, token: bytes) -> set[int]:
        return {
            at for at, option in enumerate(self.options) for text in option if text.encode().startswith(token)
        }  # fmt: skip

    def firsts(self, option: int) -> set[bytes]:
        """Of each spelling the longest token of the vocabulary with which it begins, unless another begins so too."""
        found = set()
        for text in self.options[option]:
            fits = [token for token in self.tokens if text.encode().startswith(token)]
            if fits and self.begun(max(fits, key=len)) == {option}:
                found.add(max(fits, key=len))
        return found

    def truth(self, option: int) -> float:
        firsts = self.firsts(option)
        return math.fsum(share for token, share in zip(self.tokens, self.shares, strict=True) if token in firsts)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    words = draw(st.lists(st.sampled_from(WORDS), min_size=2, max_size=4, unique=True))
    options = tuple((word, " " + word) for word in words)
    spellings = [text.encode() for option in options for text in option]
    cut = st.sampled_from(spellings).flatmap(lambda text: st.integers(1, len(text)).map(lambda end: text[:end]))
    tokens = draw(st.lists(st.one_of(cut, cut, st.sampled_from(JUNK)), min_size=3, max_size=14, unique=True))
    again = draw(st.lists(st.sampled_from(tokens), max_size=2, unique=True))
    tokens += again
    steps = draw(st.lists(st.floats(1.2, 6), min_size=len(tokens), max_size=len(tokens)))
    falling = itertools.accumulate(steps, lambda value, step: value - 0.1 * step * max(1.0, -value), initial=0.0)
    weights = [math.exp(value) for value, _ in zip(draw(st.permutations(list(falling)[1:])), tokens, strict=True)]
    rest = draw(st.floats(0, 0.3))
    shares = tuple(weight / math.fsum(weights) * (1 - rest) for weight in weights)
    most = draw(st.integers(2, len(tokens)))
    drawn = draw(st.integers(0, len(tokens) - 1))
    world = World(
        options, tuple(tokens), shares, most, draw(st.sampled_from(sorted(DRAWINGS))), drawn,
        draw(st.booleans()), draw(st.booleans()),
    )  # fmt: skip
    # One token more of each spelling is what a bound allows for; and no numbers so near that they pass for one.
    hidden = [tokens[at] for at in range(len(tokens)) if at not in world.likeliest or at == drawn]
    assume(len(hidden) == len(set(hidden)))  # the drawn one may be left out of the list
    values = sorted(map(math.log, shares))
    assume(all(b - a > 0.05 * max(1, -a) for a, b in itertools.pairwise(values)))
    return world


@settings(max_examples=400, deadline=None)
@given(worlds())
def test_every_option_lies_within_its_bounds(world: World) -> None:
    answer = world.answer()
    shown = set(world.likeliest)
    texts = [plain(token) for token in world.tokens]
    try:
        scores = top(listed(answer, world.most), world.options, Usage(1, 1))
    except MalformedError:
        # The drawn token is not in the list, and one with the same text is.
        same = {DRAWINGS[world.drawing](world.tokens[at]) for at in shown}
        assert world.drawn not in shown
        assert DRAWINGS[world.drawing](world.tokens[world.drawn]) in same
        return
    except UnavailableError:
        alike = [world.shares[at] for at in shown | {world.drawn} if len(world.begun(world.tokens[at])) > 1]
        assert math.fsum(alike) > NEGLIGIBLE
        return
    except ModelError:
        # Nobody can name a part of a character without its bytes, nor a letter that may be one.
        assert world.drawing != "bytes"
        assert any(not text.isascii() for text in texts)
        return
    for option in range(len(world.options)):
        truth = world.truth(option)
        assert truth <= math.exp(scores.most[option]) * (1 + 1e-9) + 1e-12
        assert scores.logits[option] <= scores.most[option] + 1e-12
        firsts = world.firsts(option)
        known = all(at in shown for at, token in enumerate(world.tokens) if token in firsts)
        longest = all(any(text.encode().startswith(first) for first in firsts) for text in world.options[option])
        named = world.drawing in ("bytes", "▁") or all(text.isascii() for text in texts)
        replaced = world.drawn not in shown or world.drawn == world.likeliest[-1]
        doubtful = [
            at for at in shown if len(world.begun(world.tokens[at])) > 1 and world.tokens[at].strip()
        ]  # fmt: skip
        if known and longest and named and not replaced and not doubtful:
            assert math.exp(scores.logits[option]) == pytest.approx(truth, rel=1e-9)


@given(worlds(), st.data())
def test_what_is_kept_does_not_depend_on_the_drawn_token(world: World, data: st.DataObject) -> None:
    """But for a token that is last in the list: some servers put the drawn one there."""
    others = world.likeliest[:-1]
    assume(len(set(others)) == len(others) > 0)
    found = []
    for drawn in (data.draw(st.sampled_from(others)), data.draw(st.sampled_from(others))):
        one = World(world.options, world.tokens, world.shares, world.most, world.drawing, drawn, world.twice, False)
        found.append(listed(one.answer(), world.most))
    assert found[0].tokens == found[1].tokens


def log(share: float) -> float:
    """An infinity stays one."""
    return share if math.isinf(share) else math.log(share)


def chat(drawn: tuple[str, float], *pairs: tuple[str, float]) -> dict[str, Any]:
    """An answer with probabilities."""
    shown = [{"token": token, "logprob": log(share)} for token, share in pairs]
    first = {"token": drawn[0], "logprob": log(drawn[1]), "top_logprobs": shown}
    return {"choices": [{"message": {"content": "A"}, "logprobs": {"content": [first]}, "finish_reason": "length"}]}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (chat(("A", 0.5), ("A", 0.7), ("B", 0.2)), "another log-probability"),
        (chat(("C", 0.3), ("A", 0.5), ("B", 0.1)), "likelier than one that is"),
        (chat(("A", 0.9), ("A", 0.9), ("B", 0.2)), "more than 1"),
        (chat(("A", 1.2), ("B", 0.2)), "positive"),
        (chat(("A", 0.5)), "drawn token only"),
        (chat(("A", math.inf), ("B", 0.2)), "positive"),
        (chat(("A", 0.5), ("A", math.inf), ("B", 0.2)), "positive"),
        (chat(("A", -math.inf), ("B", 0.2)), "no probability"),
    ],
)
def test_contradictions_are_malformed(answer: dict[str, Any], why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        listed(answer, 20)


def test_equal_text_of_other_ids_is_added_up_and_the_drawn_token_counts_once() -> None:
    found = listed(chat(("A", 0.4), ("A", 0.4), ("A", 0.4), ("A", 0.1), ("B", 0.05)), 20)
    assert {token.data: round(math.exp(value), 9) for token, value in found.tokens.items()} == {b"A": 0.5, b"B": 0.05}
    assert found.least == pytest.approx(math.log(0.05))


def test_part_of_a_character_without_bytes_is_never_given_to_an_option() -> None:
    options = (("蕴含",), ("中立",), ("no",))
    with pytest.raises(ModelError, match="part of a character"):
        top(listed(chat(("\ufffd", 0.9), ("\ufffd", 0.9), ("中", 0.06), ("no", 0.02)), 20), options, Usage(1, 1))
    scores = top(listed(chat(("中", 0.6), ("中", 0.6), ("no", 0.3), ("\ufffd", 0.005)), 20), options, Usage(1, 1))
    assert [math.exp(value) for value in scores.most] == pytest.approx([0.01, 0.61, 0.305])
    assert scores.unlisted == 1


@pytest.mark.parametrize("mark", ["▁", "Ġ", " "])
def test_marks_of_a_space_are_spaces(mark: str) -> None:
    pairs = [(mark + "A", 0.7), (mark + "B", 0.2), ("\n", 0.05)]
    scores = top(listed(chat(pairs[0], *pairs), 20), (("A", " A"), ("B", " B")), Usage(1, 1))
    assert [math.exp(value) for value in scores.logits] == pytest.approx([0.7, 0.2])
    assert scores.unlisted == 0


def test_a_mark_that_may_be_a_letter_is_no_options_for_sure() -> None:
    """Maltese has Ġ, which tokenizers write for a space."""
    with pytest.raises(ModelError, match="part of a character"):
        top(listed(chat(("Ġurnata", 0.6), ("Ġurnata", 0.6), ("le", 0.3)), 20), (("Ġurnata",), ("le",)), Usage(1, 1))


@pytest.mark.parametrize("data", [[256], [-1], ["a"], "A", [True], 5])
def test_bytes_that_are_none(data: Any) -> None:
    with pytest.raises(MalformedError, match="bytes"):
        read_tokens([("A", data)])


@pytest.mark.parametrize(
    ("drawn", "likeliest", "thinks"),
    [
        ("<think>", "<think>", True), ("<", "<", True), ("A", "<|channel|>", True), ("<think>", "A", True),
        ("A", "A", False), ("analysis", "analysis", True), ("I", "I", False), ("<|im_end|>", "A", False),
        ("<", "Is", False), ("A", "<", True),
    ],
)  # fmt: skip
def test_a_first_token_that_opens_a_thought(drawn: str, likeliest: str, thinks: bool) -> None:
    answer = chat((drawn, 0.3), (likeliest, 0.6), ("z", 0.01))
    assert begins_with_thought(answer) == thinks
    hidden = chat(("The", 0.3), ("The", 0.3))
    hidden["choices"][0]["message"]["content"] = None
    assert begins_with_thought(hidden)
