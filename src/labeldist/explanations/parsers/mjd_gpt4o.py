"""The authors' parsing of GPT-4o's answers, quirks included (mainlp/MJD-Estimator)."""

from __future__ import annotations

import re

from labeldist.explanations.parse import PARSERS

MARKER = re.compile(r"^(?:- |\d+\. )")


@PARSERS.add("mjd-estimator:gpt4o")
def gpt4o(answer: str) -> list[str]:
    """Every line that is not blank without its marker; the newline at its end stays and counts in its length."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", answer)
    return [MARKER.sub("", line) for line in lines if line.strip()]
