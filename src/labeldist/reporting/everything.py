"""What was read of labels and results, before it is told."""

from __future__ import annotations

from dataclasses import dataclass

from labeldist.datasets.source import Dataset
from labeldist.evaluation.description import Description
from labeldist.reporting.read import ReadItems, ReadSet
from labeldist.reporting.results import Results
from labeldist.runs.about import AboutPosterior


@dataclass(frozen=True, slots=True)
class Everything:
    """What was read of a dataset and its results; ``rows``: the places of the items that are shown."""

    dataset: Dataset
    results: Results
    described: Description
    read: ReadItems
    sets: list[ReadSet]
    rows: list[int]

    @property
    def main(self) -> ReadSet | None:
        """The main posterior."""
        return next((one for one in self.sets if one.kind == "posterior"), None)

    @property
    def about(self) -> AboutPosterior | None:
        """What the main posterior rests on, where that is known."""
        main = self.main
        return next((one.about for one in self.results.said if main is not None and one.name == main.key), None)
