"""What is printed of whether to use a model as a judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeldist.cli.printing import say

if TYPE_CHECKING:
    from labeldist.runs.judge_advice import Advice


def show_advice(advice: Advice) -> None:
    """The verdict, and a line for each of its reasons."""
    say(f"As a judge, from the first {advice.items:,} items: {advice.headline}")
    for reason in advice.reasons:
        say(f"  {reason}")
