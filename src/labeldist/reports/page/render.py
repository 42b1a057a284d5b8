"""A view as one HTML file that needs nothing else and asks nothing of anybody."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from labeldist.reports.page import assets
from labeldist.reports.page.evaluation import evaluation_table
from labeldist.reports.page.experiments import experiment_tables
from labeldist.reports.page.numbers import number, number_of
from labeldist.reports.page.palette import palette
from labeldist.reports.page.safe import embedded_json, shown_view
from labeldist.reports.page.wording import GLOSSARY, MOST_DOTS, count, kinds, named_sets, reading
from labeldist.reports.view import View, ViewPage


def render_page(view: View) -> str:
    """The page. Whatever stands in the view is shown as text, and every number carries its place in the view."""
    view = shown_view(view)
    colours = palette(view["labels"], view["values"])
    style, script = assets.style(colours), assets.script()
    marks = [colour.mark for colour in colours]
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            view=view,
            n=number_of(view),
            marks=marks,
            style=Markup(style),
            script=Markup(script),
            policy=assets.policy(style, script),
            data=Markup(embedded_json(view)),
            drawing=Markup(embedded_json({"marks": marks, "mostDots": MOST_DOTS})),
            evaluation=evaluation_table(view["evaluation"]) if view["evaluation"] else None,
            experiments=[experiment_tables(one) for one in view["experiments"]],
            set_names=named_sets(view),
            kinds=kinds(view),
            glossary=GLOSSARY,
            reading=reading(view),
            files=_links(view.get("page")),
        )
    )


def _links(page: ViewPage | None) -> Sequence[dict[str, Any]]:
    """The files of a report in pages: relative addresses, whatever is in their names."""
    if page is None:
        return ()
    return [
        {"number": place, "address": f"./{quote(name, safe='')}", "name": name, "here": place == page["number"]}
        for place, name in enumerate(page["files"], start=1)
    ]


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("labeldist.reports.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(count=count, fixed=number)
    return made
