"""The authors' parsing of Llama-3-70B-Instruct's answers, quirks included (mainlp/MJD-Estimator)."""

from __future__ import annotations

import re

from labeldist.explanations.parse import PARSERS

MARKER = re.compile(r"(?:\* |\d+\. )")


@PARSERS.add("mjd-estimator:llama3")
def llama3(answer: str) -> list[str]:
    """The lines that start with ``* `` or ``N. ``; an answer without one is a single item."""
    turn = answer.split("<|start_header_id|>assistant<|end_header_id|>", 1)[-1].split("<|eot_id|>", 1)[0]
    marked = [(line, MARKER.match(line)) for line in turn.split("\n")]
    items = [line[mark.end() :].strip() for line, mark in marked if mark]
    return items or [turn.strip()]
