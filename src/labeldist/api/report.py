"""``labeldist.report``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from labeldist.api.distributions import Distributions
from labeldist.api.read import Reading, opened
from labeldist.api.said import files_in, said_rows
from labeldist.core.errors import UsageError
from labeldist.core.frames import kind_of
from labeldist.evaluation.bootstrap import RESAMPLES
from labeldist.evaluation.evaluation import Evaluation
from labeldist.pictures.table import html_table
from labeldist.reporting.gather import dataset_of, gather, said_by
from labeldist.reporting.results import Results, Said, read_results
from labeldist.reporting.shown import SHOWN
from labeldist.reporting.write import check_report_out, write_report
from labeldist.reports.page.render import render_page
from labeldist.runs.planning import plan_row

if TYPE_CHECKING:
    from labeldist.datasets.source import Dataset
    from labeldist.reports.view import View


@dataclass(frozen=True)
class Report:
    """What a report shows (``view``, as JSON), and the ``files`` that were written."""

    view: View
    files: tuple[Path, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """All that it shows: every number of the page is in it."""
        return dict(self.view)

    def to_html(self) -> str:
        """The page, with all items that are shown."""
        return render_page(self.view)

    def save(self, out: str | Path = "report.html") -> list[Path]:
        """Write the page to ``out``, and to ``NAME-2.html`` and so on what is beyond 10,000 items; returns the files.

        Raises :class:`UsageError` for a name that does not end in .html.
        """
        check_report_out(Path(out))
        return write_report(self.view, Path(out))

    def __repr__(self) -> str:
        facts, shown = self.view["facts"], self.view["shown"]
        of = "" if shown["items"] == shown["of"] else f", {shown['items']:,} of them one by one"
        where = f"; {', '.join(map(str, self.files))}" if self.files else ""
        return f"Report({self.view['title']}: {facts['items']:,} items{of}{where})"

    def _repr_html_(self) -> str:
        facts = self.view["facts"]
        rows: list[tuple[str, object]] = [
            ("items", facts["items"]),
            ("annotators", facts["annotators"]),
            ("labels", facts["labels"]),
        ]
        errors = [("expected KL", facts["expected_kl"]), ("expected TVD", facts["expected_tvd"])]
        rows += [(name, value) for name, value in errors if value is not None]
        saved = [(f"labels saved by {', '.join(one['evidence'])}", one["labels"]) for one in facts["saves"]]
        where = "Open the page in a browser." if self.files else "save() writes the page."
        return html_table(["", self.view["title"]], [*rows, *saved], " ".join((*self.view["about"], where)))


def report(
    *results: Any,
    source: Any = None,
    out: str | Path | None = None,
    figures: str | Path | None = None,
    items: int | str | Sequence[str] = SHOWN,
    bootstrap: int = RESAMPLES,
    seed: int = 0,
    **how: Unpack[Reading],
) -> Report:
    """A page that shows results: which items are disputed and why, and how far to trust the numbers.

    ``results``: what :func:`labeldist.estimate`, ``judge``, ``predict``, ``run``, ``plan`` and ``evaluate`` give,
    mappings {name: one of these}, data frames of distributions, and files or folders that the command line wrote.
    ``source``: the labels that they were made of, as for :func:`labeldist.read`, with ``how``; files and folders say it
    themselves. With a source alone the posterior is estimated. ``out``: the page (.html) to write; ``figures``: a
    folder for figures to print, which takes the extra ``plots``. ``items``: how many to show one by one, drawn at
    random, or ``"all"``, ids, ``"disputed:N"``, ``"agreed:N"``.

    Raises :class:`UsageError` for what is no result, and where nobody says which labels results were made of.

    >>> import labeldist as ld
    >>> from labeldist.core.item import Annotation, Item
    >>> items = [Item(str(at), {}, (Annotation("ok"), Annotation("ok" if at % 3 else "toxic"))) for at in range(30)]
    >>> shown = report(ld.estimate(items), source=items)
    >>> shown
    Report(the items: 30 items)
    >>> shown.to_dict()["facts"]["labels"], "<script" in shown.to_html()
    (60, True)
    """
    paths = [str(one) for one in results if isinstance(one, str | Path)]
    found = read_results(paths, with_source=source is not None)
    objects = [one for one in results if not isinstance(one, str | Path)]
    dataset = _dataset(found, objects, source, how)
    for one in objects:
        _add(one, found, dataset)
    wanted = [items] if isinstance(items, str) else items
    if out is not None:
        check_report_out(Path(out), *dataset.inputs, *found.files)
    view = gather(found, dataset, items=wanted, bootstrap=bootstrap, seed=seed)
    files = [] if out is None else write_report(view, Path(out))
    if figures is not None:
        from labeldist.reports.figures.draw import draw_figures

        files += draw_figures(view, Path(figures))
    return Report(view, tuple(files))


def _dataset(found: Results, objects: list[Any], source: Any, how: Reading) -> Dataset:
    if source is None and not found.sources and (found.abouts or found.experiments):
        return dataset_of(found, None)
    if source is None and found.sources:
        source = found.sources[0] if len(found.sources) == 1 else dataset_of(found, None)
    if source is None:  # labels alone, as a frame or items
        first = next((one for one in objects if _may_be_labels(one)), None)
        if first is None:
            raise UsageError("results that do not say which labels they were made of", hint="name them: source=...")
        objects.remove(first)
        source = first
    return opened(source, how, evidence=files_in([("", file) for file in found.files if file.suffix != ".json"]))


def _may_be_labels(one: Any) -> bool:
    return (
        hasattr(one, "dataset")
        or hasattr(one, "opened_by")
        or isinstance(one, list | tuple)
        or kind_of(one) is not None
    )


def _add(one: Any, found: Results, dataset: Dataset, name: str = "") -> None:
    """Take in a result in memory."""
    from labeldist.api.run import Run
    from labeldist.estimation.estimate import Estimate
    from labeldist.estimation.pilot import Plan

    if isinstance(one, Run):
        for each in (*one.judged.values(), *one.posteriors.values()):
            _add(each, found, dataset)
        if one.evaluation is not None:
            found.add_evaluation(one.evaluation.as_dict())
    elif isinstance(one, Estimate):
        found.add(said_by(one, name or "posterior"))
    elif isinstance(one, Evaluation):
        found.add_evaluation(one.as_dict())
    elif isinstance(one, Plan):
        found.plan = plan_row(one)
    elif isinstance(one, Mapping) and not name:
        for key, each in one.items():
            _add(each, found, dataset, str(key))
    else:
        title = name or (one.name if isinstance(one, Distributions) else "model")
        rows = partial(said_rows, title, one, dataset)
        found.add(Said(title, "posterior" if _is_posterior(one) else "model", rows))


def _is_posterior(one: Any) -> bool:
    return isinstance(one, Distributions) and any("interval" in row for row in one.rows[:1])
