"""The default profile: the listed reasons and nothing else.

1. Chat-template wrappers are removed: the text is what stands between the header of the model's turn and its
   end-of-turn token.
2. If any line is marked (``* ``, ``- ``, ``•``, ``N. ``, ``N) ``), the marked lines are the items and all others
   (introductions, closing notes) are dropped. Otherwise every non-blank line is an item, except
   - everything, where the answer opens by refusing (``There is no explanation why``, ``None.``, ``I cannot list``);
   - a leading introduction: a line that ends with a colon and has lines after it, or a stock phrase;
   - closing notes: last lines that open with ``Note:``, ``Please note``, ``I hope this helps`` and the like.
3. A cut-off tail is dropped: the answer has no end-of-turn token, its last line is the last item, that item lacks
   closing punctuation, and at least two items precede it which all have it. A list written without
   punctuation, a short one and one that is known to have ended keep every item.
4. Of items that differ only in case or spacing the first is kept.
"""

from __future__ import annotations

import re

from labeldist.explain.parse import PARSERS

HEADERS = ("<|start_header_id|>assistant<|end_header_id|>", "[/INST]")
END = re.compile(r"</s>|<\|eot_id\|>")
MARKER = re.compile(r"(?:\d{1,3}[.)](?=\s|$)|[*-](?=\s|$)|•)\s*")
CLOSING = re.compile(r"""[.!?…。！？]["'”’»)\]*]*$""")
STOCK_INTRODUCTION = re.compile(
    r"(?:sure|certainly|of course|here (?:is|are)|the following|below (?:is|are)|possible (?:explanation|reason)s?)\b"
    r".*:$"
    r"|(?:sure|certainly|of course)[,!] i(?:'d| would|'ll| will| can)\b.*\bhelp\b",
    re.IGNORECASE,
)
CLOSING_NOTE = re.compile(
    r"\(?(?:note:|please note\b|(?:it's|it is) important to note\b|in summary\b|i hope (?:this|these)\b|let me know\b)",
    re.IGNORECASE,
)
REFUSAL = re.compile(
    r"none\.(?:\s|$)"
    r"|there (?:is|are) no (?:possible |valid |plausible )?(?:explanation|reason)s?"
    r"(?:[.,]|$| (?:for |that )?(?:why|(?:the|this) statement)\b)"
    r"|(?:i'm sorry|i am sorry|sorry|i apologi[sz]e)[,.]? (?:but )?i (?:can(?:no|')t|am unable to|'m unable to)\b"
    r"|i (?:can(?:no|')t|am unable to) (?:provide|list|give|find|offer|help|assist)\b",
    re.IGNORECASE,
)


@PARSERS.add("clean")
def clean(answer: str) -> list[str]:
    """See the module's text for the rules."""
    for header in HEADERS:
        answer = answer.split(header, 1)[-1]
    body, *ended = END.split(answer, maxsplit=1)
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    marks = [MARKER.match(line) for line in lines]
    if any(marks):
        items = [line[mark.end() :] for line, mark in zip(lines, marks, strict=True) if mark]
        last_line_is_item = marks[-1] is not None
    else:
        items = _unmarked(lines)
        last_line_is_item = items[-1:] == lines[-1:]
    if not ended and last_line_is_item and _cut_off(items):
        items = items[:-1]
    kept: dict[str, str] = {}
    for item in filter(None, items):
        kept.setdefault(" ".join(item.lower().split()), item)
    return list(kept.values())


def _unmarked(lines: list[str]) -> list[str]:
    if lines and _matches(REFUSAL, lines[0]):
        return []
    while lines and (_matches(STOCK_INTRODUCTION, lines[0]) or (lines[0].endswith(":") and len(lines) > 1)):
        lines = lines[1:]
    while len(lines) > 1 and _matches(CLOSING_NOTE, lines[-1]):
        lines = lines[:-1]
    return lines


def _matches(pattern: re.Pattern[str], line: str) -> bool:
    return pattern.match(line.replace("’", "'")) is not None


def _cut_off(items: list[str]) -> bool:
    *earlier, last = items or [""]
    return len(earlier) >= 2 and not CLOSING.search(last) and all(CLOSING.search(item) for item in earlier)
