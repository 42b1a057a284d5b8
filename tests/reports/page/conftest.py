"""A browser for the pages: the system's Chromium, offline, which fails a test for any complaint or request."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labeldist.reports.page.render import render_page
from labeldist.reports.view import View

Open = Callable[..., Any]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright here: pip install playwright")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium here: apt-get install chromium")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """A function that opens the page of a view; complaints, dialogs and requests of any page fail the test."""
    contexts: list[Any] = []
    troubles: list[str] = []

    def open_page(view: View, **options: Any) -> Any:
        file = tmp_path / f"report-{len(contexts)}.html"
        file.write_text(render_page(view), encoding="utf-8")
        context = browser.new_context(offline=True, **{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on(
            "request",
            lambda request: troubles.append(f"request: {request.url}") if request.url != file.as_uri() else None,
        )
        page.on("dialog", lambda dialog: (troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(file.as_uri())
        if view["items"] and options.get("java_script_enabled", True):
            page.wait_for_selector("#rows table")
            page.select_option("#by-order", "file")  # where tests know which item is where
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not troubles
