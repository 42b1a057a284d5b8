"""Parts of speech by HanTa."""

from __future__ import annotations

import sys

import pytest

from labeldist.core.errors import MissingExtraError
from labeldist.evaluation.variability.measures.tags import tags
from labeldist.evaluation.variability.similarity import Tools
from labeldist.evaluation.variability.tagger import TAGGERS, load_tagger
from labeldist.evaluation.variability.taggers.hanta import UNIVERSAL

# Universal Dependencies 2: the 17 universal parts of speech.
KNOWN = {
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM"),
    *("PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X"),
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The context does not mention whether the man is happy.",
         "DET NOUN AUX PART VERB SCONJ DET NOUN AUX ADJ PUNCT"),
        ("It can't be true, but we don't know.", "PRON AUX PART AUX ADJ PUNCT CCONJ PRON AUX PART VERB PUNCT"),
        ("She walks home.", "PRON VERB ADV PUNCT"),
        ("", ""),
    ],
)  # fmt: skip
def test_tags_of_a_sentence(text: str, wanted: str) -> None:
    assert tags([text], Tools()) == [tuple(wanted.split())]


def test_every_part_of_speech_of_the_model_has_a_universal_one() -> None:
    from HanTa.HanoverTagger import HanoverTagger

    model = HanoverTagger("morphmodel_en.pgz")
    ends = {name.removeprefix("END_") for name in model.int2tag.values() if name.startswith("END_")}
    assert set(UNIVERSAL.values()) <= KNOWN
    assert ends - set(UNIVERSAL) == {"!!!", "IN", "UNC", "UNKNOWN"}, "no tags of words in a sentence: X"


def test_a_tag_for_each_token_whatever_the_text() -> None:
    words = ["Ⅷ", "zxqv", "😀", "--", "3.5", "naïve", "中文", "'"]
    found = load_tagger()(words)
    assert len(found) == len(words)
    assert set(found) <= KNOWN


def test_without_the_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    loader = TAGGERS.get("hanta")
    monkeypatch.setitem(sys.modules, "HanTa.HanoverTagger", None)
    with pytest.raises(MissingExtraError, match=r"variability"):
        loader()
