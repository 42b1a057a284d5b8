"""The explanation prompt, character by character."""

from __future__ import annotations

import pytest

from labeldist.core.errors import InputError
from labeldist.core.item import Item
from labeldist.explanations.prompts import explain_prompt

PUBLISHED = (
    "You are an expert in Natural Language Inference (NLI). Please list all possible explanations why the the "
    "following statement is LABEL given the context below without introductory phrases. \n"
    "Context: It rained. \nStatement: The street is wet. \nAnswer:"
)
ITEM = Item("1", {"premise": "It rained.", "hypothesis": "The street is wet."})


@pytest.mark.parametrize(
    ("label", "verbalised"),
    [
        ("entailment", "true (entailment)"),
        ("neutral", "undetermined (neutral)"),
        ("contradiction", "false (contradiction)"),
        ("c", "false (contradiction)"),
    ],
)
def test_the_published_prompt(nli, label, verbalised):
    assert explain_prompt(nli, ITEM, label) == PUBLISHED.replace("LABEL", verbalised)


def cleaned_up(text: str) -> str:
    """What transformers' ``clean_up_tokenization_spaces`` does on decoding, which Llama3's published file shows."""
    for spaced in (" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're"):
        text = text.replace(spaced, spaced.strip())
    return text


def test_the_prompts_in_the_published_mixtral_file(published, nli):
    for item in published.items:
        answers = [answer for answer in item.answers if answer.source == "mixtral"]
        assert len(answers) == 3
        for answer in answers:
            assert answer.text.startswith(f"<s> [INST] {explain_prompt(nli, item, answer.label)} [/INST]")


def test_the_prompts_in_the_published_llama3_file(published, nli):
    for item in published.items:
        answers = [answer for answer in item.answers if answer.source == "llama3"]
        assert len(answers) == 3
        for answer in answers:
            turn = answer.text.split("<|start_header_id|>user<|end_header_id|>\n\n")[1].split("<|eot_id|>")[0]
            assert turn == cleaned_up(explain_prompt(nli, item, answer.label))


def test_braces_in_a_field_survive(nli):
    item = Item("1", {"premise": "{label} {0} {{x}} }{", "hypothesis": "{premise}"})
    assert "\nContext: {label} {0} {{x}} }{ \nStatement: {premise} \n" in explain_prompt(nli, item, "neutral")


def test_a_missing_field_and_an_unknown_label_are_named(nli):
    with pytest.raises(InputError, match=r"no field 'hypothesis' in item '7'"):
        explain_prompt(nli, Item("7", {"premise": "x"}), "neutral")
    with pytest.raises(InputError, match="'maybe'"):
        explain_prompt(nli, ITEM, "maybe")
