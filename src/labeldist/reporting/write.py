"""A report as files: a page, or several where there are very many items, and figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labeldist.core.errors import UsageError
from labeldist.datasets.files import write_text
from labeldist.datasets.whole import is_special
from labeldist.reporting.gather import PAGE
from labeldist.reports.page.render import render_page
from labeldist.reports.view import View
from labeldist.runs.inputs import refuse_overwritten

SUFFIXES = (".html", ".htm")


def check_report_out(out: Path, *inputs: Path) -> None:
    """Refuse a name that is none of a page, and one of what the report is made from; nothing is changed."""
    if out.suffix.lower() not in SUFFIXES and not is_special(out):
        raise UsageError(f"--out {out}: a report is an HTML page", hint="end its name in .html")
    refuse_overwritten(out, [out], inputs)


def write_report(view: View, out: Path) -> list[Path]:
    """Write ``view`` to the page ``out``, and to ``NAME-2.html`` and so on what does not fit; returns the files.

    Each page stands for itself: it has all numbers, and its part of the items.
    """
    files = [out if at == 0 else out.with_name(f"{out.stem}-{at + 1}{out.suffix}") for at in range(_pages(view))]
    for file, page in zip(files, _paged(view, [file.name for file in files]), strict=True):
        write_text(file, render_page(page))
    return files


def _pages(view: View) -> int:
    return max(1, -(-len(view["items"]) // PAGE))


def _paged(view: View, names: list[str]) -> Iterator[View]:
    if len(names) == 1:
        yield view
        return
    for at in range(len(names)):
        yield {
            **view,
            "items": view["items"][at * PAGE : (at + 1) * PAGE],
            "page": {"number": at + 1, "files": names},
        }
