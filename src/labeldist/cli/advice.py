"""What is printed of whether to use a model as a judge."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from labeldist.cli.printing import say

if TYPE_CHECKING:
    from labeldist.runs.judge_advice import Advice


def show_advice(advice: Advice) -> None:
    """The verdict, and a line for each of its reasons."""
    say(f"As a judge, from the first {advice.items:,} items: {advice.headline}")
    for reason in advice.reasons:
        say(f"  {reason}")


def advice_facts(advice: Advice) -> dict[str, Any]:
    """The same for machines; an undefined D.Corr is null, since JSON has no NaN."""
    facts = asdict(advice)
    if advice.dcorr is not None and math.isnan(advice.dcorr.p):
        facts["dcorr"] = None
    return facts
