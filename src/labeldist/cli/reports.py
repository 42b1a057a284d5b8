"""What ``labeldist report`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from labeldist.cli.printing import say, say_json, tell

if TYPE_CHECKING:
    from labeldist.reports.view import View


def show_report(view: View, files: Sequence[Path], *, as_json: bool) -> int:
    """Name the files, or print all that they show; returns the exit status."""
    if as_json:
        say_json({"files": files, "report": view})
        return 0
    for sentence in view["about"]:
        say(sentence)
    for file in files:
        say(f"{file} ({file.stat().st_size / 1e6:.1f} MB)")
    if view["shown"]["in_words"]:
        tell("note", view["shown"]["in_words"])
    for warning in view["warnings"]:
        tell("warning", warning)
    return 0
