"""``labeldist.explain``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from labeldist.api.models import opened_model, store_file
from labeldist.api.read import Reading, opened, rows_of
from labeldist.core.frames import frame_of
from labeldist.core.item import Item
from labeldist.datasets.source import Dataset
from labeldist.models.base import LanguageModel
from labeldist.models.open import ModelOptions
from labeldist.pictures.table import ROWS, html_table
from labeldist.runs.single import explain_source
from labeldist.runs.stage_report import Progress, silent
from labeldist.runs.stages import Generation


@dataclass(frozen=True)
class Explained:
    """Items with explanations; a source for every verb that takes one.

    ``model``: whose explanations were added. ``failures``: what could not be done, item by item, as in
    ``failures.jsonl``. ``notes``: what else to know. ``calls_made``, ``calls_reused``: model calls, and those whose
    answers were kept.
    """

    model: str
    dataset: Dataset = field(repr=False)
    items: tuple[Item, ...] = field(repr=False)
    failures: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    calls_made: int = 0
    calls_reused: int = 0

    def to_frame(self, kind: str | None = None) -> Any:
        """A data frame with a row per explanation: ``id``, ``label``, ``text``, ``source``.

        Of ``kind`` (pandas, polars, pyarrow), else of the library that the items came from, else of one that is
        installed. Raises :class:`~labeldist.core.errors.UsageError` where none is.
        """
        rows = [(item.id, one.label, one.text, one.source) for item in self.items for one in item.explanations]
        names = ("id", "label", "text", "source")
        return frame_of({name: [row[at] for row in rows] for at, name in enumerate(names)}, kind or self.dataset.kind)

    def __repr__(self) -> str:
        counts = Counter(one.label for item in self.items for one in item.explanations)
        told = ", ".join(f"{label} {counts[label]:,}" for label in self.dataset.task.label_names)
        failed = f", {len(self.failures):,} failed" if self.failures else ""
        return f"Explained({len(self.items):,} items by {self.model}{failed}; explanations: {told})"

    def _repr_html_(self) -> str:
        rows = [(item.id, one.label, one.text) for item in self.items[:ROWS] for one in item.explanations]
        note = "; ".join((repr(self), *self.notes))
        return html_table(["id", "label", "explanation"], rows[:ROWS], note, more=len(rows) - ROWS)


def explain(
    source: Any,
    model: str | LanguageModel = "embedded",
    *,
    parser: str | None = None,
    max_new_tokens: int | None = None,
    temperature: float = 0.0,
    seed: int = 0,
    options: ModelOptions | None = None,
    store: str | Path | None = None,
    progress: Progress = silent,
    **how: Unpack[Reading],
) -> Explained:
    """A model's explanations for each label of each item: the reasons that someone might have to choose it.

    ``source`` and ``how`` are as for :func:`labeldist.read`; the items need the task's texts. ``model``: a name
    (``embedded``, ``transformers:NAME``, ``server:MODEL@URL``), with ``options``, or an opened one. ``parser``: how raw
    answers are read. ``max_new_tokens``: of an answer; greedy at ``temperature`` 0. ``store``: a file (.sqlite) that
    keeps every finished call, so that none is paid for twice; without it calls are kept until this one ends.
    Source: arXiv 2412.13942, section 3.

    >>> it = Item("1", {"premise": "It rains.", "hypothesis": "It is wet."})
    >>> found = explain([it], "scripted", task="nli")
    >>> sorted({one.label for one in found.items[0].explanations})
    ['contradiction', 'entailment', 'neutral']
    """
    dataset = opened(source, how, texts=True)
    # Explanations depend on texts alone: whose labels count is left to what is done with them.
    whole = replace(dataset, reference_annotators=None)
    items: list[Item] = []

    def keep(stream: Any) -> int:
        items.extend(stream)
        return len(items)

    with opened_model(model, options, temperature) as asked:
        done = explain_source(
            whole,
            asked,
            keep,
            store_file(store),
            generation=Generation(max_new_tokens, temperature, seed),
            profile=parser,
            progress=progress,
        )
        name = asked.name
    found = replace(dataset, read=partial(rows_of, items, dataset.path), limit=None, shard=None)
    return Explained(name, found, tuple(found.items()), done.failures, done.notes, done.calls_made, done.calls_reused)
