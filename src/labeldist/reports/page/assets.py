"""The styles and scripts of a page, and the policy that lets nothing else act in it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from labeldist.reports.page.palette import Colour

STYLES = ("base.css", "sections.css", "explore.css", "print.css")
# One module, in this order: what draws stands below what it draws with.
SCRIPTS = (
    "data.js",
    "elements.js",
    "bars.js",
    "state.js",
    "table.js",
    "item.js",
    "axes.js",
    "picture.js",
    "triangle.js",
    "strip.js",
    "bands.js",
    "curves.js",
    "main.js",
)


@cache
def static(name: str) -> str:
    """A file beside the templates, without indentation and lines of comment, which a page need not carry."""
    text = (files("labeldist.reports.page") / "static" / name).read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@cache
def script() -> str:
    """All scripts as one module."""
    return "\n".join(static(name) for name in SCRIPTS)


def style(colours: Sequence[Colour]) -> str:
    """All styles, and a class for each label: ``l0``, ``l1``, ..."""
    labels = "\n".join(f".l{place}{{--c:{one.fill};--ink:{one.ink}}}" for place, one in enumerate(colours))
    return "\n".join([*(static(name) for name in STYLES), labels])


def policy(style: str, script: str) -> str:
    """A content security policy: this style, this script, and no request to anywhere."""
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
