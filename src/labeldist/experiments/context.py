"""What an experiment works with: items, a judge, an explainer, and a store in which every finished call is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import numpy as np

from labeldist.calls.recorded import Recorded
from labeldist.core.distribution import PSEUDO_COUNT
from labeldist.core.errors import InputError, ModelError
from labeldist.core.item import Evidence, Explanation, Item
from labeldist.core.task import Task
from labeldist.datasets.files import write_rows
from labeldist.datasets.names import file_part
from labeldist.datasets.source import Dataset
from labeldist.estimation.estimate import estimate
from labeldist.evaluation.baselines import baselines
from labeldist.evaluation.compare import columns_of
from labeldist.evaluation.few_votes import are_few, few_votes_note
from labeldist.evaluation.metric import Metric
from labeldist.evaluation.votes import median_votes
from labeldist.experiments.findings import Chart, Findings
from labeldist.experiments.measure import Distributions, Entry, difference, measure
from labeldist.experiments.settings import ExperimentSettings
from labeldist.explanations.condition import Condition
from labeldist.runs.judgments import judgments
from labeldist.runs.own import OwnFiles
from labeldist.runs.posterior import weighable
from labeldist.runs.stage_report import ItemFailure, StageReport
from labeldist.runs.stages import Asked, Choose, choose_explanations

Choice = Callable[[Item], Sequence[Explanation]]


@dataclass(frozen=True, slots=True)
class Judged:
    """MJDs of items by id, as distributions and as evidence.

    ``costs``: what an item took on average, in prompts and in the tokens of these prompts, each counted whole.
    """

    name: str
    distributions: Distributions
    evidence: Mapping[str, Evidence]
    costs: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ExperimentContext:
    """What an experiment works with. Every call of the same model in the same folder is made once.

    ``items``: all of them, with what the explainer answered as soon as it was asked. ``of_pool``: what it gave as an
    item's explanations. ``metrics``: what is measured. ``out``: the folder of this experiment,
    ``own``: the list of what it wrote there.
    """

    settings: ExperimentSettings
    dataset: Dataset
    items: tuple[Item, ...]
    groups: tuple[str, ...]
    of_pool: Choose
    judge: Recorded
    metrics: tuple[Metric, ...]
    report: StageReport
    out: Path
    own: OwnFiles
    references: Distributions = field(default_factory=dict)

    @property
    def task(self) -> Task:
        """The task of the items."""
        return self.dataset.task

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels, in order."""
        return self.dataset.task.label_names

    @property
    def seed(self) -> int:
        """The random seed."""
        return self.settings.judge.seed

    def chance(self, item: Item, *what: object) -> Random:
        """Random numbers that depend on the seed, the item and ``what`` they are for, and on nothing else."""
        return Random(json.dumps([self.seed, item.id, *map(str, what)]))

    def judged(
        self,
        name: str,
        choose: Choice | Condition,
        *,
        saw_labels: bool | None = None,
        leave_one_out: bool = False,
        items: Iterable[Item] | None = None,
        explicit: bool = False,
        transform: str | None = None,
    ) -> Judged:
        """The MJDs of the items, each with the explanations that ``choose`` gives, also in ``mjd.NAME.jsonl``.

        ``leave_one_out``: also with one explanation of each label left out. ``transform`` replaces that of the
        settings. An item that fails is named in the failures, and is not there.
        """
        settings = replace(self.settings.judge, explicit=explicit)
        settings = replace(settings, transform=transform or settings.transform)
        asked = self._asked(name, choose, self.items if items is None else items, saw_labels)
        before = self.judge.prompt_tokens
        how = (self.task, self.judge, settings, self.report, f"judge {name}")
        rows = list(judgments(asked, *how, leave_one_out=leave_one_out))
        tokens = self.judge.prompt_tokens - before
        write_rows(self.out / f"mjd.{file_part(name)}.jsonl", rows, note=self.own.note)
        return Judged(
            name,
            {row["id"]: tuple(row["distribution"].values()) for row in rows},
            {
                row["id"]: Evidence(row["distribution"], row["saw_labels"], leave_one_out=row.get("leave_one_out", {}))
                for row in rows
            },
            {
                "prompts per item": sum(row["orders"] for row in rows) / max(len(rows), 1),
                "prompt tokens per item": tokens / max(len(rows), 1),
            },
        )

    def _asked(
        self, name: str, choose: Choice | Condition, items: Iterable[Item], saw_labels: bool | None
    ) -> Iterator[Asked]:
        if isinstance(choose, Condition):
            yield from choose_explanations(items, self.task, choose, self.of_pool, self.seed, self.report)
            return
        for item in items:
            try:
                yield Asked(item, tuple(choose(item)), by_labels=saw_labels)
            except ModelError as error:
                self.report.failures.append(ItemFailure(item.id, f"select {name}", error.in_a_line))

    def posterior(
        self,
        evidence: Sequence[Judged] = (),
        *,
        annotators: str | None = None,
        items: Sequence[Item] | None = None,
        calibrate: str = "labels",
    ) -> Distributions:
        """The posterior of each item from its labels (of the group ``annotators``) and ``evidence``.

        Evidence that these labels cannot weigh has no part in it.
        """
        known = {one.name: {i: e for i, e in one.evidence.items() if weighable(e, calibrate)} for one in evidence}
        given = {name: rows for name, rows in known.items() if rows}
        found = estimate(
            self.items if items is None else items,
            given,
            task=self.task,
            annotators=annotators,
            use=list(given),
            unknown_ids="skip",
            calibrate=calibrate,
            seed=self.seed,
        )
        return {id_: tuple(row) for id_, row in zip(found.ids, found.mean.tolist(), strict=True)}

    def smoothed(self, items: Sequence[Item] | None = None) -> Distributions:
        """The relative frequencies of each item's labels after half a pseudo-count for each label."""
        items = self.items if items is None else items
        counts = np.array([item.label_counts(self.labels) for item in items], dtype=np.float64) + PSEUDO_COUNT
        shares = counts / counts.sum(axis=1, keepdims=True)
        return {item.id: tuple(row) for item, row in zip(items, shares.tolist(), strict=True)}

    def baselines(self) -> list[Entry]:
        """The uniform distribution, and what the labels alone give, as entries.

        Not of a group of annotators that labelled only part of the items: all rows are compared on the items that all
        have.
        """
        labelled = sum(bool(item.labels) for item in self.items)
        return [
            Entry(
                one.name,
                {"kind": "baseline"},
                (
                    {
                        self.items[at].id: tuple(row)
                        for at, row in zip(one.rows, one.distributions.tolist(), strict=True)
                    },
                ),
                "Baselines from the labels",
                way=one.way,
                group=one.group,
            )
            for one in baselines(self.items, self.labels)
            if len(one.rows) >= labelled
        ]

    def find(
        self,
        entries: Sequence[Entry],
        *,
        compare: Iterable[tuple[str, str]] = (),
        charts: Iterable[Chart] = (),
        common: bool = True,
        notes: Iterable[str] = (),
        references: Distributions | None = None,
        metrics: Sequence[Metric] | None = None,
    ) -> Findings:
        """The findings: each entry measured, and the differences of the pairs of names in ``compare``.

        ``references``, ``metrics``: others than those of the context. ``common``: all entries on the items that all
        of them have, so that rows can be compared; else each on its own items. Raises :class:`InputError` where no item
        is left.
        """
        told = list(notes)
        known = self.references if references is None else references
        chosen = self.metrics if metrics is None else metrics
        ids = [id_ for id_ in known if all(id_ in entry.ids() for entry in entries)] if common else None
        if ids is not None and not ids:
            raise InputError("no item that has every distribution of this experiment", expected="at least one")
        if ids is not None and len(ids) < len(known):
            told.append(f"{len(known) - len(ids):,} items lack one of the distributions and are left out.")
        how = {"resamples": self.settings.resamples, "seed": self.seed}
        found = {}
        for entry in entries:
            found[entry.name] = measure(entry, known, chosen, ids=ids, **how)
            self.report.progress("measure", 1, len(entries))
        pairs = [(found[one], found[other]) for one, other in compare if one != other]
        differences = [row for one, other in pairs for row in difference(one, other, known, chosen, **how)]
        votes = median_votes(self.items) if references is None else None
        columns = columns_of(chosen, few_votes=are_few(votes))
        if votes is not None and any(column.misleads for column in columns):
            told.append(few_votes_note(votes, columns))
        return Findings(
            columns,
            tuple(one.cell() for one in found.values()),
            tuple(differences),
            tuple(charts),
            tuple(told),
        )
