"""Parser profiles: the clean one on made-up and on real answers, the authors' quirks case by case."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeldist.core.errors import UsageError
from labeldist.explanations.generate import parsed_explanations
from labeldist.explanations.parse import PARSERS, parse

LLAMA = "<|start_header_id|>user<|end_header_id|>\n\n* ask<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"

CLEAN = {
    "stars": ("* A.\n* B.", ["A.", "B."]),
    "dashes": ("- A.\n- B.", ["A.", "B."]),
    "bullets": ("• A.\n•B.", ["A.", "B."]),
    "numbers with dots": ("1. A.\n20. B.", ["A.", "B."]),
    "numbers with brackets": ("1) A.\n2) B.", ["A.", "B."]),
    "indented": ("  * A.\n\n\t- B.  ", ["A.", "B."]),
    "no markers": ("A.\n\nB.", ["A.", "B."]),
    "a number that is no marker": ("3.5 million live there.\n*asterisk", ["3.5 million live there.", "*asterisk"]),
    "introduction and marked": ("Here are the reasons:\n\n* A.\n* B.", ["A.", "B."]),
    "introduction and unmarked": ("Here are the reasons:\nA.\nB.", ["A.", "B."]),
    "unusual introduction": ("The statement is a contradiction because:\nA.\nB.", ["A.", "B."]),
    "polite introduction": ("Sure, I’d be happy to help!\nHere are some:\nA.\nB.", ["A.", "B."]),
    "introduction alone": ("Here are the possible explanations:", []),
    "colon at the end of the only line": ("It says:", ["It says:"]),
    "closing note and marked": ("* A.\n* B.\n\nNote: C.", ["A.", "B."]),
    "closing notes and unmarked": ("A.\nB.\nNote: C.\nI hope this helps!", ["A.", "B."]),
    "a reason that mentions a note": ("A.\nThe note is lost.", ["A.", "The note is lost."]),
    "duplicates keep the first place": ("* A.\n* B.\n* a. \n*  A.", ["A.", "B."]),
    "cut-off tail": ("1. A.\n2. B.\n3. C and", ["A.", "B."]),
    "cut-off tail, quoted endings": ('1. "A."\n2. (B.)\n3. C and', ['"A."', "(B.)"]),
    "cut-off tail, unmarked": ("A.\nB.\nC and", ["A.", "B."]),
    "cut off at a number": ("1. A.\n2. B.\n3", ["A.", "B."]),
    "cut off at a number and dot": ("1. A.\n2. B.\n3. ", ["A.", "B."]),
    "ended, so no tail": ("[/INST] 1. A.\n2. B.\n3. C</s>", ["A.", "B.", "C"]),
    "no punctuation anywhere": ("- A\n- B\n- C", ["A", "B", "C"]),
    "not all punctuated": ("- A.\n- B\n- C", ["A.", "B", "C"]),
    "too short to tell": ("- A.\n- B", ["A.", "B"]),
    "cut off within a note": ("1. A.\n2. B.\n3. C\n\nNote: this", ["A.", "B.", "C"]),
    "llama wrapper": (LLAMA + "* A.\n* B.<|eot_id|>", ["A.", "B."]),
    "mixtral wrapper": ("<s> [INST] * ask [/INST] 1. A.\n2. B.</s>", ["A.", "B."]),
    "refusal": ("There are no possible explanations why the statement is true, as it is false.", []),
    "refusal in the singular": ("There is no explanation.", []),
    "refusal: none": ("None. The statement does not follow.", []),
    "refusal: cannot": ("I’m sorry, but I can’t help with that.\nAsk me again.", []),
    "no refusal: a reason": ("There is no explanation of the noise.", ["There is no explanation of the noise."]),
    "no refusal: none of": ("None of the ladies is small.", ["None of the ladies is small."]),
    "no refusal: marked": ("* There is no explanation.\n* I cannot list them.", 2),
    "empty": ("", []),
    "blank": (" \n\t\n", []),
}


@pytest.mark.parametrize("case", CLEAN)
def test_clean(case):
    answer, expected = CLEAN[case]
    found = parse(answer)
    assert (len(found) if isinstance(expected, int) else found) == expected


@settings(deadline=None)
@given(st.lists(st.from_regex(r"[A-Z][a-z]{1,9}( [a-z]{1,9}){0,5}\.", fullmatch=True), unique_by=str.lower))
@pytest.mark.parametrize("marker", ["* ", "- ", "• ", "7. ", "12) "])
def test_clean_returns_every_marked_sentence(marker, sentences):
    answer = "Here are the reasons:\n\n" + "\n".join(marker + s for s in sentences) + "\n\nNote: that is all."
    assert not sentences or parse(answer) == sentences


@settings(deadline=None)
@given(st.text())
@pytest.mark.parametrize("profile", ["clean", "mjd-estimator:llama3", "mjd-estimator:mixtral", "mjd-estimator:gpt4o"])
def test_any_text_parses(profile, answer):
    assert all(isinstance(text, str) for text in parse(answer, profile))


REPORTED_MEANS = {
    "llama3": (4.83, 6.03, 4.80),
    "mixtral": (7.03, 8.16, 9.26),
    "gpt4o": (5.68, 7.02, 4.83),
}


def means(published, nli, model, profile):
    counts = Counter(e.label for item in published.items for e in parsed_explanations(item, model, profile))
    return [counts[label] / len(published.items) for label in nli.label_names]


@pytest.mark.parametrize("model", REPORTED_MEANS)
def test_the_authors_profiles_give_the_reported_means(published, nli, model):
    ours = means(published, nli, model, f"mjd-estimator:{model}")
    assert [round(mean, 2) for mean in ours] == pytest.approx(REPORTED_MEANS[model])


@pytest.mark.parametrize("model", REPORTED_MEANS)
def test_clean_finds_nearly_as_many_and_never_more(published, nli, model):
    ours = means(published, nli, model, "clean")
    for mean, reported in zip(ours, REPORTED_MEANS[model], strict=True):
        assert reported * 0.95 < mean < reported + 0.005


def test_clean_drops_what_is_no_reason_from_the_real_answers(published, nli):
    empty = Counter()
    for item in published.items:
        for answer in item.answers:
            found = parse(answer.text)
            empty[answer.source] += not found
            assert len({text.lower() for text in found}) == len(found)
            for text in found:
                assert text == text.strip()
                assert not text.endswith(":")
                assert not text.lower().startswith(("here are", "sure", "note:", "please note", "i hope", "* ", "- "))
                assert not any(token in text for token in ("[/INST]", "</s>", "<|", "\n"))
                assert not text.isdigit()
    assert empty == {"llama3": 13, "mixtral": 0, "gpt4o": 0}


def test_clean_drops_the_tails_of_the_answers_that_mixtral_did_not_end(published, nli):
    cut = [
        answer.text
        for item in published.items
        for answer in item.answers
        if answer.source == "mixtral" and not answer.text.endswith("</s>")
    ]
    assert len(cut) == 289
    tails = [text for answer in cut if not (text := parse(answer)[-1]).endswith((".", "!", "?", '"', ")"))]
    assert tails == ["Intent to"]


AUTHORS = {
    "llama3 keeps duplicates": ("llama3", LLAMA + "* A\n* A<|eot_id|>", ["A", "A"]),
    "llama3 knows no dash": ("llama3", LLAMA + "* A\n- B<|eot_id|>", ["A"]),
    "llama3 takes any number": ("llama3", LLAMA + "20. A\nB<|eot_id|>", ["A"]),
    "llama3 keeps refusals": ("llama3", LLAMA + "There are none.\nB<|eot_id|>", ["There are none.\nB"]),
    "mixtral strips up to 19": ("mixtral", "[/INST] 0. A\n19. B\n20. C</s>", ["A", "B", "20. C"]),
    "mixtral keeps dashes": ("mixtral", "[/INST] - A\n- B</s>", ["- A", "- B"]),
    "mixtral keeps introductions": ("mixtral", "[/INST] Sure:\n1. A</s>", ["Sure:", "A"]),
    "mixtral drops an unmarked end": ("mixtral", "[/INST] 1. A\nNote.</s>", ["A"]),
    "mixtral keeps an unmarked end that was cut": ("mixtral", "[/INST] 1. A\n16", ["A", "16"]),
    "mixtral keeps an only line": ("mixtral", "[/INST] A</s>", ["A"]),
    "gpt4o keeps line ends": ("gpt4o", "- A\n\n2. B  \nC", ["A\n", "B  \n", "C"]),
}


@pytest.mark.parametrize("case", AUTHORS)
def test_the_quirks_of_the_authors_profiles(case):
    model, answer, expected = AUTHORS[case]
    assert parse(answer, f"mjd-estimator:{model}") == expected


def test_the_profiles_and_the_error_for_an_unknown_one():
    assert set(PARSERS.names()) == {"clean", *(f"mjd-estimator:{model}" for model in REPORTED_MEANS)}
    with pytest.raises(UsageError, match="no parser profile") as caught:
        parse("A.", "mjd-estimator:lama3")
    assert "did you mean 'mjd-estimator:llama3'?" in caught.value.hint
