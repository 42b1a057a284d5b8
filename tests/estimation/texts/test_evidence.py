"""Evidence from texts: blind, useful where texts tell something, harmless where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from labeldist.core.errors import InputError
from labeldist.core.item import Annotation, Evidence, Item
from labeldist.core.task import Task
from labeldist.estimation.estimate import estimate
from labeldist.estimation.observations import Array, Observations, observe
from labeldist.estimation.texts import evidence as of_texts
from labeldist.estimation.texts import gathered
from labeldist.estimation.texts.crossfit import cross_fitted
from labeldist.estimation.texts.evidence import with_texts
from labeldist.estimation.texts.gathered import GatheredTexts
from labeldist.estimation.texts.ngrams import ngram_features
from labeldist.tasks.labels import labels_task

SENTENCES = {
    "en": "the river runs past a small grey house where nobody has lived for many years",
    "de": "der Fluss läuft an einem kleinen grauen Haus vorbei das seit Jahren niemand bewohnt",
    "zh": "河 流 经 过 一 座 多 年 无 人 居 住 的 灰 色 小 房 子 旁 边",
    "ru": "река течёт мимо маленького серого дома в котором много лет никто не живёт",
}
WORDS = {language: sentence.split() for language, sentence in SENTENCES.items()}
CUES = {"en": ("lovely", "nasty"), "de": ("herrlich", "scheußlich"), "zh": ("美", "丑"), "ru": ("чудесно", "гадко")}


def task_of(labels: int) -> Task:
    return labels_task([f"label{at}" for at in range(labels)])


def cued(number: int, *, labels: int = 2, told: float = 0.9, language: str = "en", seed: int = 0) -> list[Item]:
    """Items of three labels each; a text has a cue of the likeliest label with the chance ``told``, else of any."""
    rng = np.random.default_rng(seed)
    cues = CUES[language] if labels == 2 else [f"cue{at}x" for at in range(labels)]
    items = []
    for at in range(number):
        kind = int(rng.integers(labels))
        shares = rng.dirichlet(np.where(np.arange(labels) == kind, 5.0, 0.5))
        cue = cues[kind if rng.random() < told else int(rng.integers(labels))]
        words = [*rng.choice(WORDS[language], 8), cue]
        rng.shuffle(words)
        space = "" if language == "zh" else " "
        given = tuple(Annotation(f"label{one}") for one in rng.choice(labels, size=3, p=shares))
        reference = {f"label{one}": float(share) for one, share in enumerate(shares)}
        items.append(Item(str(at), {}, given, reference=reference, extra={"text": space.join(words)}))
    return items


def seen(items: Sequence[Item], task: Task, specs: Sequence[str] | None = ("text",), seed: int = 0) -> Observations:
    texts = GatheredTexts(task.fields, task.label_names)
    observed = observe(texts.through(items), task.label_names)
    return with_texts(observed, texts, specs, seed)[0]


def said(items: Sequence[Item], task: Task, seed: int = 0) -> Array:
    return seen(items, task, seed=seed).evidence[-1].distribution


def kl(items: Sequence[Item], task: Task, found: Array) -> float:
    reference = observe(items, task.label_names).reference
    assert reference is not None
    return float(np.sum(reference * np.log(np.maximum(reference, 1e-300) / found), axis=1).mean())


@pytest.mark.parametrize("labels", [2, 8])
def test_an_item_s_own_labels_change_nothing_of_what_its_text_says(labels: int) -> None:
    task = task_of(labels)
    items = cued(240, labels=labels)
    items[7] = replace(items[7], extra=items[3].extra)  # the same text
    before = said(items, task)
    items[3] = replace(items[3], labels=(Annotation("label1", times=50),))
    after = said(items, task)
    np.testing.assert_array_equal(before[[3, 7]], after[[3, 7]])
    # Others hear of it, so the test is able to fail.
    assert np.abs(before - after).max() > 1e-4


def test_useful_texts_help_and_the_estimate_says_so() -> None:
    task, items = task_of(2), cued(400)
    without, known = (estimate(items, task=task, texts=texts) for texts in ((), None))
    assert known.evidence == ("text",)
    assert known.saves > 0.7
    assert kl(items, task, known.mean) < 0.96 * kl(items, task, without.mean)
    assert "Learnt from texts (text): text, of 400 labelled items" in " ".join(known.calibration.in_words())
    assert known.row(0)["prior"] != known.row(1)["prior"]


@pytest.mark.parametrize("seed", range(3))
def test_useless_texts_do_no_harm(seed: int) -> None:
    task, items = task_of(3), cued(400, labels=3, told=0.0, seed=seed)
    without, known = (estimate(items, task=task, texts=texts) for texts in ((), None))
    assert known.evidence == ("text",)
    assert known.saves < 0.3
    assert kl(items, task, known.mean) < kl(items, task, without.mean) + 0.004


@pytest.mark.parametrize("language", WORDS)
def test_every_language_teaches(language: str) -> None:
    task, items = task_of(2), cued(300, told=1.0, language=language)
    likeliest = said(items, task).argmax(axis=1)
    cue = np.array([CUES[language][1] in item.extra["text"] for item in items])
    assert (likeliest == cue).mean() > 0.9


def test_items_without_labels_are_foretold_from_all_others() -> None:
    task = task_of(2)
    items = [replace(item, labels=()) if at >= 300 else item for at, item in enumerate(cued(340, told=1.0))]
    known = estimate(items, task=task, texts=None)
    assert known.evidence == ("text",)
    nasty = np.array(["nasty" in item.extra["text"] for item in items[300:]])
    assert ((known.mean[300:, 1] > 0.5) == nasty).mean() > 0.9


def test_a_text_without_words_is_no_trouble() -> None:
    task, items = task_of(2), cued(260)
    for at, text in enumerate(("", "   ", "?!", "🙂", "a" * 20_000)):
        items[at] = replace(items[at], extra={"text": text})
    items[5] = replace(items[5], extra={})
    found = said(items, task)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_two_fields_each_have_their_own_words() -> None:
    """The same cue means one thing in the first text and another in the second."""
    task, rng = task_of(2), np.random.default_rng(0)
    items = []
    for at in range(300):
        kind = int(rng.integers(2))
        first, second = (" ".join([*rng.choice(WORDS["en"], 6), cue]) for cue in ("so", "not")[:: 1 - 2 * kind])
        items.append(Item(str(at), {}, (Annotation(f"label{kind}", times=2),), extra={"a": first, "b": second}))
    kinds = [item.labels[0].label == "label1" for item in items]
    assert (said(items, task)[:, 1] > 0.5).tolist() == kinds


def test_fewer_than_200_labelled_items_are_read_only_when_asked() -> None:
    task, items = task_of(2), cued(199)
    unasked = estimate(items, task=task, texts=None)
    assert unasked.evidence == ()
    assert unasked.calibration.texts.startswith(
        "Texts have no part: found 199 items with labels, expected at least 200"
    )
    assert estimate(items, task=task, texts=["text"]).evidence == ("text",)
    assert estimate(items, task=task).calibration.texts == ""
    with pytest.raises(InputError, match="found 19 items with labels, expected at least 20"):
        estimate(items[:19], task=task, texts=["text"])


def test_nothing_is_learnt_unasked_where_nothing_is_to_be_calibrated() -> None:
    task, items = task_of(2), cued(210)
    assert estimate(items, task=task, texts=None, calibrate="off").evidence == ()
    assert estimate(items, task=task, texts=["text"], calibrate="off").evidence == ("text",)


def test_items_without_texts_say_nothing_unless_asked() -> None:
    task = task_of(2)
    items = [replace(item, extra={"lang": "en", "page": at}) for at, item in enumerate(cued(210))]
    assert estimate(items, task=task, texts=None).calibration.texts == ""
    with pytest.raises(InputError, match="no column of texts"):
        estimate(items, task=task, texts=["text"])


def test_columns_that_tell_the_labels_are_not_read() -> None:
    task, items = task_of(2), cued(250)
    for at, item in enumerate(items):
        votes = ", ".join(one.label for one in item.labels)
        more = {"votes": f"{votes}, {at}", "topic": ("about the house and river", "of boats and people")[at % 2]}
        items[at] = replace(item, extra=item.extra | more)
    texts = GatheredTexts((), task.label_names)
    assert len(list(texts.through(items))) == 250
    assert texts.columns == ("text",)


def test_the_fields_of_the_task_are_its_texts() -> None:
    items = [Item(str(at), {}, extra={"word": f"w{at}", "note": "some words that nobody asked for"}) for at in range(3)]
    texts = GatheredTexts(("word",), ("a", "b"))
    assert [item.id for item in texts.through(items)] == ["0", "1", "2"]
    assert (texts.columns, texts.fields) == (("word",), (["w0", "w1", "w2"],))


def test_of_very_many_items_no_texts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathered, "MOST_ITEMS", 1_100)
    monkeypatch.setattr(of_texts, "MOST_ITEMS", 1_100)
    task, items = task_of(2), cued(1_101)
    assert estimate(items[:1_100], task=task, texts=None).evidence == ("text",)
    known = estimate(items, task=task, texts=None)
    assert known.evidence == ()
    assert "found 1,101 items, expected at most 1,100 where texts are read" in known.calibration.texts
    with pytest.raises(InputError, match="1,101 items"):
        estimate(items, task=task, texts=["text"])


def test_carried_evidence_of_the_same_name_stays_what_it_is() -> None:
    task = task_of(2)
    carried = Evidence({"label0": 0.6, "label1": 0.4}, saw_labels=False)
    items = [replace(item, evidence={"text": carried}) for item in cued(220)]
    known = estimate(items, task=task, texts=None)
    assert known.evidence == ("text",)
    assert "other evidence named 'text'" in known.calibration.texts
    with pytest.raises(InputError, match="other evidence named 'text'"):
        estimate(items, task=task, texts=["text"])


def test_all_items_with_one_text_have_nothing_to_tell() -> None:
    task = task_of(2)
    items = [replace(item, extra={"text": f"text number {at // 10}"}) for at, item in enumerate(cued(240))]
    texts = [{"a": f"shared words of {at // 10}", "b": f"other words of {(at + 5) // 10}"} for at in range(240)]
    linked = [replace(item, extra=text) for item, text in zip(items, texts, strict=True)]
    known = estimate(linked, task=task, texts=None)
    assert "were in one part" in known.calibration.texts
    assert "of 'a'" in known.calibration.texts or "of 'b'" in known.calibration.texts


def test_a_field_without_n_grams_that_texts_share_is_no_trouble() -> None:
    """Too short for n-grams of characters, or nothing in common, beside a field that teaches, or alone."""
    task, items = task_of(2), cued(240)
    texts = [str(item.extra["text"]) for item in items]
    short, apart = ["H."] * 240, [f"{chr(0x1000 + at)}" for at in range(240)]
    counts = observe(items, task.label_names).counts
    whole = np.arange(240)
    told = cross_fitted(ngram_features([texts]), counts, whole, 0).distribution
    for field in (short, apart):
        beside = cross_fitted(ngram_features([texts, field]), counts, whole, 0).distribution
        np.testing.assert_allclose(beside, told, atol=0.05)
        assert cross_fitted(ngram_features([field]), counts, whole, 0).distribution.std(axis=0).max() < 0.05


def test_the_same_seed_gives_the_same_and_another_seed_other_folds() -> None:
    task, items = task_of(2), cued(240)
    first, again, other = (said(items, task, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3
