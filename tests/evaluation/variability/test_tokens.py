"""Texts as tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.evaluation.variability.tokens import tokens


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("It can't be.", "It ca n't be ."),
        ("DON'T cannot Cannot", "DO N'T can not Can not"),
        ("they've, we'll, I'm, he'd, you're", "they 've , we 'll , I 'm , he 'd , you 're"),
        ("the dogs' bones", "the dogs ' bones"),
        ("the U.S. in 1982", "the U.S. in 1982"),
        ("10,000.50 and 3rd", "10,000.50 and 3rd"),
        ('"quoted" -- so...', '" quoted " -- so ...'),
        ("it’s", "it 's"),
        ("  \n ", ""),
        ("Ca'daan", "Ca ' daan"),
    ],
)
def test_tokens(text: str, wanted: str) -> None:
    assert tokens(text) == tuple(wanted.split())


@given(st.text())
def test_no_character_but_space_is_lost(text: str) -> None:
    plain = text.replace("‘", "'").replace("’", "'").replace("ʼ", "'")
    assert "".join(tokens(text)) == "".join(plain.split())
