"""Classifiers trained on the distributions, in and out of domain (arXiv 2412.13942, section 5)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from labeldist.classifiers.classifier import weights_revision
from labeldist.classifiers.fine_tune import discard, fine_tune
from labeldist.classifiers.predict import predict
from labeldist.classifiers.settings import TrainingSettings
from labeldist.core.errors import InputError, Place, UsageError
from labeldist.core.item import Item
from labeldist.datasets.catalog import DATASETS
from labeldist.datasets.files import write_rows
from labeldist.datasets.names import file_part
from labeldist.datasets.predictions import read_predictions
from labeldist.datasets.source import open_source
from labeldist.evaluation.metric import METRICS
from labeldist.experiments.conditions import LABEL_FREE, guided, require_labels
from labeldist.experiments.context import ExperimentContext
from labeldist.experiments.experiment import experiment
from labeldist.experiments.findings import Cell, Chart, Difference, Findings
from labeldist.experiments.measure import Distributions, Entry
from labeldist.explanations.condition import NONE, Condition

# Test sets by the name under which they stand in the table.
IN_DOMAIN = {"dev": "mjd-estimator:dev", "test": "mjd-estimator:test"}
OUT_OF_DOMAIN = {f"ANLI r{number}": f"anli-r{number}:test" for number in (1, 2, 3)}
COLUMNS = ("ce", "kl", "kl_mean", "f1_weighted", "f1_macro", "tvd", "ent_ce", "rank_cs")
NO_STAGE_2 = "stage 1 only"


@dataclass(frozen=True, slots=True)
class TestSet:
    """Items to predict, with the distributions to compare with."""

    name: str
    items: tuple[Item, ...]
    references: Distributions


def require_classifier_and_tests(context: ExperimentContext) -> None:
    """Raise where there is nothing to fine-tune, items lack labels, or a test set is of other labels."""
    if context.settings.classifier is None:
        raise UsageError(
            "no classifier to fine-tune",
            hint="--classifier FOLDER, a classifier that knows the task already; docs/howto-train.md makes one",
        )
    require_labels(context)
    for source in sources_of(context).values():
        labels = open_source(source, task=own_task(context, source)).task.label_names
        if labels != context.labels:
            raise UsageError(
                f"test set {source} has the labels {', '.join(labels)}, the items have {', '.join(context.labels)}",
                hint="name test sets of the same task: --test-set SOURCE, once for each",
            )


@experiment(
    "ood",
    title="Classifiers trained on the distributions, in and out of domain",
    question="Is a classifier that learns from model judgments as good as one that learns from human ones, on items of "
    "the same kind and on adversarial ones?",
    requires=require_classifier_and_tests,
)
def ood(context: ExperimentContext) -> Findings:
    """Fine-tune a classifier on each kind of distribution of the items, several times; predict each test set."""
    sets = list(test_sets(context))
    predicted = {name: predictions(context, name, target, sets) for name, target in targets(context).items()}
    cells: list[Cell] = []
    differences: list[Difference] = []
    for tests in sets:
        entries = [
            Entry(f"{tests.name}: {name}", {"test set": tests.name, "trained on": name}, rows[tests.name], tests.name)
            for name, rows in predicted.items()
        ]
        pairs = [("human judgments", "labels + 0.5"), ("posterior", "MJD"), ("posterior", "labels + 0.5"),
                 *((name, NO_STAGE_2) for name in predicted if name != NO_STAGE_2)]  # fmt: skip
        found = context.find(
            entries,
            references=tests.references,
            metrics=[METRICS.get(name) for name in COLUMNS],
            compare=[(f"{tests.name}: {one}", f"{tests.name}: {other}") for one, other in pairs],
        )
        cells += found.cells
        differences += found.differences
    return Findings(
        found.columns,
        tuple(cells),
        tuple(differences),
        (Chart("test set", "trained on", ("ce", "f1_weighted", "tvd")),),
        (
            "Intervals are over seeds and items. TVD is the DistCE of Baan et al. 2022. ANLI has one right answer for "
            "each item, which stands for a reference there: what it says of distributions is little.",
        ),
    )


def targets(context: ExperimentContext) -> dict[str, Distributions | None]:
    """What to train on, by name; None is no further training at all."""
    blind = [
        context.judged(f"MJD {condition.name}", condition) for condition in (Condition(NONE), Condition(LABEL_FREE))
    ]
    return {
        NO_STAGE_2: None,
        "human judgments": context.references,
        "labels + 0.5": context.smoothed(),
        "MJD": context.judged("MJD", guided(context)[0]).distributions,
        "posterior": context.posterior(blind),
    }


def test_sets(context: ExperimentContext) -> Iterator[TestSet]:
    """The sets to predict, of each at most as many items as the settings say, drawn by the seed."""
    for name, source in sources_of(context).items():
        dataset = open_source(
            source,
            task=own_task(context, source),
            reference_annotators=reference_annotators(context),
            repeated_labels=context.settings.repeated_labels if context.settings.test_sets else None,
        )
        items = list(dataset.items())
        most = context.settings.test_items
        if most is not None and most < len(items):
            items = Random(json.dumps([context.seed, name])).sample(items, most)
        known = {item.id: reference(item, context.labels) for item in items}
        lacking = [id_ for id_, found in known.items() if not found]
        if lacking:
            raise InputError(
                f"{len(lacking):,} items of a test set with neither a reference nor a label, such as {lacking[0]!r}",
                expected="something to compare predictions with",
                place=Place(dataset.path, field="reference"),
            )
        yield TestSet(name, tuple(items), known)


def sources_of(context: ExperimentContext) -> dict[str, str]:
    """The test sets by the name under which they stand in the table: those of the settings, else the paper's."""
    return {source: source for source in context.settings.test_sets} or IN_DOMAIN | OUT_OF_DOMAIN


def own_task(context: ExperimentContext, source: str) -> str | None:
    """The task of a file is that of the items; a named data set knows its own."""
    if source.partition(":")[0] in DATASETS.names():
        return None
    return context.settings.task or (context.dataset.about.task if context.dataset.about else None)


def reference_annotators(context: ExperimentContext) -> str | None:
    """Annotators are held out of test sets as of the items; the paper's have references of their own."""
    return context.settings.reference_annotators if context.settings.test_sets else None


def reference(item: Item, labels: tuple[str, ...]) -> tuple[float, ...]:
    """The item's human judgments; where it has none, how often each of its labels was given; () without any."""
    found = item.reference_distribution(labels)
    if found is not None:
        return found.probabilities
    counts = item.label_counts(labels)
    return tuple(count / sum(counts) for count in counts) if sum(counts) else ()


def predictions(
    context: ExperimentContext, name: str, target: Distributions | None, sets: Sequence[TestSet]
) -> Mapping[str, tuple[Distributions, ...]]:
    """For each test set, what a classifier trained on ``target`` predicts: a mapping for each seed.

    Predictions are kept, and what is kept is not trained again.
    """
    found: dict[str, list[Distributions]] = {tests.name: [] for tests in sets}
    for seed in range(context.seed, context.seed + (context.settings.draws if target is not None else 1)):
        folder = context.out / "trained" / f"{fingerprint(context, target)}-seed-{seed}"
        for tests, rows in zip(sets, predicted_by_one(context, target, sets, folder, seed), strict=True):
            found[tests.name].append(rows)
        context.report.progress(f"train on {name}", 1, None)
    return {name: tuple(draws) for name, draws in found.items()}


def predicted_by_one(
    context: ExperimentContext, target: Distributions | None, sets: Sequence[TestSet], folder: Path, seed: int
) -> Iterator[Distributions]:
    """What the classifier trained on ``target`` with ``seed`` predicts of each test set; read where it is kept."""
    files = [folder / f"{file_part(Path(tests.name).stem)}-{tests_key(tests)}.jsonl" for tests in sets]
    if not all(file.exists() for file in files):
        classifier = trained(context, target, folder, seed)
        for tests, file in zip(sets, files, strict=True):
            if file.exists():
                continue
            found = predict(tests.items, context.task, classifier, device=context.settings.model_options.device)
            rows = ({"id": id_, "distribution": dict(zip(context.labels, row, strict=True))} for id_, row in found)
            write_rows(file, rows)
        discard(folder / "classifier")  # a hundred megabytes each
    for file in files:
        yield {row.id: row.distribution.probabilities for row in read_predictions(file, context.task)}


def trained(context: ExperimentContext, target: Distributions | None, folder: Path, seed: int) -> str:
    """The classifier of the settings, trained on ``target``; as it is where there is no target."""
    base = str(context.settings.classifier)
    if target is None:
        return base
    how = second_stage(context, seed)
    return str(fine_tune(context.items, target, context.task, base, folder / "classifier", how, overwrite=True).folder)


def second_stage(context: ExperimentContext, seed: int) -> TrainingSettings:
    """How it is trained: as the paper's second stage, without a development set."""
    return TrainingSettings(
        seed=seed, evaluate_every=0, keep_states=False, device=context.settings.model_options.device
    )


def fingerprint(context: ExperimentContext, target: Distributions | None) -> str:
    """What a trained classifier depends on besides its seed, in short."""
    texts = [[item.id, *item.fields.values()] for item in context.items]
    known = None if target is None else [[id_, *map(float, row)] for id_, row in sorted(target.items())]
    how = None if target is None else asdict(second_stage(context, seed=0))
    content = json.dumps([texts, known, context.labels, how, weights_revision(str(context.settings.classifier))])
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def tests_key(tests: TestSet) -> str:
    """Which items a test set has, in short."""
    content = json.dumps([[item.id, *item.fields.values()] for item in tests.items])
    return hashlib.sha256(content.encode()).hexdigest()[:8]
