"""What stands around an answer: chat templates, tags."""

from __future__ import annotations

import re

HEADERS = ("<|start_header_id|>assistant<|end_header_id|>", "[/INST]")
_END = re.compile(r"</s>|<\|eot_id\|>|<\|im_end\|>|<\|end_of_text\|>|<end_of_turn>")
# Tags around each reason, and those around all of them.
_EACH = r"li|item|reason|explanation|point"
_ALL = r"answers?|output|response|results?|final_answer|final|explanations|reasons|items|list|ul|ol|p|div|body|html|xml"
_TAG = re.compile(rf"<(/?)(?:({_EACH})_?\d{{0,3}}|({_ALL}))(?:\s[^<>]*)?/?>", re.IGNORECASE)
_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_STYLE = re.compile(r"</?(?:b|strong|em|i|u)>", re.IGNORECASE)


# Signs without width, which hide a marker or a quotation mark.
_INVISIBLE = re.compile(r"[\ufeff\u200b\u2060]")


def turn(answer: str) -> tuple[str, bool]:
    """The text of the model's turn, without its chat template, and whether an end-of-turn token ended it.

    >>> turn("<s> [INST] Why? [/INST] It rains.</s>")
    (' It rains.', True)
    """
    for header in HEADERS:
        answer = answer.split(header, 1)[-1]
    body, *ended = _END.split(_INVISIBLE.sub("", answer), maxsplit=1)
    return body, bool(ended)


def tagged_items(text: str) -> list[str] | None:
    """The texts between ``<reason>`` tags and the like, where there are at least two of them; else None."""
    items: list[str] = []
    begun: int | None = None
    for tag in _TAG.finditer(text):
        if tag.group(2) is None:
            continue
        if begun is not None:  # the end, or the next beginning, which HTML lets stand for it
            items.append(text[begun : tag.start()])
        begun = tag.end() if not tag.group(1) else None
    return [item for item in items if item.strip()] if len(items) > 1 else None


def without_tags(text: str) -> str:
    """What stands between the first tag around the answer and the last one that ends it; all of it without such."""
    text = _STYLE.sub("", _BREAK.sub("\n", text))
    tags = list(_TAG.finditer(text))
    begun = next((tag.end() for tag in tags if not tag.group(1)), 0)
    ended = next((tag.start() for tag in reversed(tags) if tag.group(1)), len(text))
    return _TAG.sub("\n", text[begun:ended] if begun < ended and len(tags) > 1 else text)
