"""The authors' parsing of Mixtral-8x7B-Instruct's answers, quirks included (mainlp/MJD-Estimator)."""

from __future__ import annotations

import re

from labeldist.explanations.parse import PARSERS

STRIPPED = re.compile(r"^(?:\* |1?\d\. )")
MARKED = re.compile(r"(?:\* |- |\d+\. )")


@PARSERS.add("mjd-estimator:mixtral")
def mixtral(answer: str) -> list[str]:
    """Every line that is not blank; ``* `` and numbers up to 19 are stripped, ``- `` and larger numbers are not.

    An unmarked last line goes if the answer ended and it is not the only one.
    """
    body, end, _ = answer.split("[/INST]", 1)[-1].partition("</s>")
    lines = [line.strip() for line in body.split("\n") if line.strip()]
    if end and len(lines) > 1 and not MARKED.match(lines[-1]):
        lines.pop()
    return [STRIPPED.sub("", line) for line in lines]
