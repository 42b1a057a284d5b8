"""One test over everything that is registered: whoever adds a part gets these checks without writing any."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from labeldist.classifiers.objectives import OBJECTIVES
from labeldist.core.errors import UsageError
from labeldist.core.item import Annotation, Explanation, Item
from labeldist.core.registry import Registry
from labeldist.datasets.catalog import DATASETS
from labeldist.datasets.format import FORMATS
from labeldist.evaluation.metric import METRICS
from labeldist.evaluation.variability.similarity import SIMILARITIES
from labeldist.evaluation.variability.tagger import TAGGERS
from labeldist.experiments.experiment import EXPERIMENTS
from labeldist.explanations.parse import PARSERS
from labeldist.explanations.select import GUIDES, RANKINGS
from labeldist.judging.transform import TRANSFORMS, read_transform
from labeldist.models.base import Question, in_order
from labeldist.models.open import BACKENDS, open_model
from labeldist.tasks.load import load_task, shipped_tasks

REGISTRIES: list[Registry[object]] = [
    BACKENDS, DATASETS, EXPERIMENTS, FORMATS, GUIDES, METRICS, OBJECTIVES, PARSERS, RANKINGS, SIMILARITIES, TAGGERS,
    TRANSFORMS,
]  # type: ignore[list-item]  # fmt: skip


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.kind)
def test_an_unknown_name_gets_the_nearest_one(registry: Registry[object]) -> None:
    names = registry.names()
    assert names
    assert len(set(names)) == len(names)
    longest = max(names, key=len)
    with pytest.raises(UsageError, match=f"did you mean '{longest}'"):
        registry.get(longest + "x")


@pytest.mark.parametrize("name", METRICS.names())
@pytest.mark.parametrize("labels", [2, 3, 7])
def test_a_metric_prefers_the_reference_to_anything_else(name: str, labels: int) -> None:
    chance = np.random.default_rng(5)
    metric = METRICS.get(name)
    reference = chance.dirichlet(np.ones(labels), 40)
    best = metric.value(reference, reference)
    for mixed in (0.2, 0.5, 1.0):
        worse = metric.value(reference, (1 - mixed) * reference + mixed * chance.dirichlet(np.ones(labels), 40))
        assert (worse < best) if metric.higher_is_better else (worse > best)


@pytest.mark.parametrize("name", DATASETS.names())
def test_a_data_set_states_what_a_user_must_know(name: str) -> None:
    facts = DATASETS.get(name).facts
    for text in (facts.title, facts.labels, facts.reference, facts.licence, facts.citation, facts.home):
        assert text.strip()
    assert facts.default_split in facts.splits
    assert facts.task in shipped_tasks()
    assert facts.downloads or facts.note, "a set that cannot be fetched says how to get it"
    assert all(rows > 0 for files in facts.splits.values() for rows in files.values())


@pytest.mark.parametrize("name", RANKINGS.names())
def test_a_ranking_keeps_every_explanation(name: str) -> None:
    pool = [Explanation("x" * length, "yes", "m") for length in (3, 9, 1, 9, 4)]
    ranked = RANKINGS.get(name)(pool, Random(1))
    assert sorted(e.text for e in ranked) == sorted(e.text for e in pool)
    assert ranked == RANKINGS.get(name)(pool, Random(1))


@pytest.mark.parametrize("name", GUIDES.names())
def test_a_guide_that_does_not_see_labels_does_not_depend_on_them(name: str) -> None:
    labels = ("yes", "no", "perhaps", "never")
    guide = GUIDES.get(name)
    one = guide.sequence(Item("1", {}, (Annotation("yes"), Annotation("no"), Annotation("no"))), labels, None)
    other = guide.sequence(Item("1", {}, (Annotation("never"),)), labels, None)
    assert set(one) <= set(labels)
    assert (one != other) == guide.sees_labels


@pytest.mark.parametrize("name", PARSERS.names())
@pytest.mark.parametrize("text", ["", " \n ", "* a\n* b", "1. a\n2. b", "no list at all", "* \n* ", "\u2028", "é ü"])
def test_a_parser_takes_any_text(name: str, text: str) -> None:
    found = PARSERS.get(name)(text)
    assert all(isinstance(explanation, str) for explanation in found)


@pytest.mark.parametrize("name", TRANSFORMS.names())
@pytest.mark.parametrize("options", [2, 3, 20])
def test_a_transform_gives_distributions_in_the_order_of_the_logits(name: str, options: int) -> None:
    transform = read_transform(name)
    logits = np.random.default_rng(2).uniform(0.5, 20, (9, options))
    found = transform.apply(logits)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (found >= 0).all()
    assert (np.argsort(found, axis=1) == np.argsort(logits, axis=1)).all()


@pytest.mark.parametrize("name", ["embedded", "scripted"])
def test_a_model_keeps_the_promises_of_the_seam(name: str) -> None:
    model = open_model(name)
    assert model.name == name
    assert model.revision == open_model(name).revision
    assert model.answer_style in load_task("nli").judge_prompts
    read_transform(model.transform)
    prompts = ["Is it true? Answer:", "A much longer question: is it true, or is it not? Answer:"]
    sequences = [model.encode(prompt) for prompt in prompts]
    assert [ids[0] for ids in sequences] == [sequences[0][0]] * 2
    assert all(ids.count(ids[0]) == 1 for ids in sequences)
    scores = model.next_token_scores(sequences, [[5, 6, 7], [7, 6, 5]])
    assert scores.logits.shape == (2, 3)
    assert scores.log_total.shape == (2,)
    assert (scores.logits <= scores.log_total[:, None]).all()
    if model.capabilities.generate:
        texts = model.generate(sequences, max_new_tokens=8)
        assert texts == model.generate(sequences[::-1], max_new_tokens=8)[::-1]
    assert model.next_token_scores([], []).log_total.shape == (0,)
    questions = [Question(prompt, (("A", " A"), ("B", " B"))) for prompt in prompts]
    asked = in_order(model.answer_scores(questions), 2, name)
    turned = in_order(model.answer_scores(questions[::-1]), 2, name)
    assert [one.logits for one in asked[::-1]] == [pytest.approx(one.logits, abs=1e-4) for one in turned]
    assert list(model.answer_scores([])) in ([], [{}])


@pytest.mark.parametrize("name", EXPERIMENTS.names())
def test_an_experiment_says_what_it_asks(name: str) -> None:
    known = EXPERIMENTS.get(name)
    assert known.name == name
    assert known.question.endswith("?")
    assert known.source.partition(":")[0] in DATASETS.names()
