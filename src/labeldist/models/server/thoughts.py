"""Thoughts in the text of an answer: recognised in every shape that models write, and dropped up to their end.

The last end of a thought is what counts: what stands before it, between thoughts as well, is not the answer. Shapes:
tags (``<think>``, ``[THINK]``, ``◁think▷``, with a name space, attributes or spaces in them), special tokens
(``<|begin_of_thought|>``, ``<|START_THINKING|>``, ``<|channel>thought``), channels (``<|channel|>analysis``, also where
the special tokens were taken out: ``analysis...assistantfinal...``), and phrases that a model was trained on.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_KINDS = (
    r"(?:thoughts?|think(?:ing)?|reason(?:ing)?|reflection|scratchpad|analysis|cot|chain[_ -]of[_ -]thoughts?|"
    r"inner[_ -](?:thoughts?|monologue|prefix)|internal[_ -](?:thoughts?|reasoning|monologue))"
)
_NAME = rf"(?:[\w.-]+:)?(?:ant_)?{_KINDS}"
# In quotes or code a tag is spoken of, not used.
_USED = r"(?<![`'\"“‘«])"
_BAR = r"[|｜]"
_BEGIN = rf"(?:(?:begin|start|bo|so)[_▁ -]?(?:of)?[_▁ -]?)?{_KINDS}"
_END = rf"(?:(?:/|(?:end|eo)[_▁ -]?(?:of)?[_▁ -]?){_KINDS}|inner_suffix)"
_OPENING = re.compile(
    rf"{_USED}(?:<\s*{_NAME}(?:\s[^<>]*)?>|\[\s*(?:THINK(?:ING)?|REASONING|THOUGHTS?)\s*\]|◁\s*think(?:ing)?\s*▷|"
    rf"<{_BAR}\s*{_BEGIN}\s*{_BAR}>|<\|channel>\s*thoughts?\b|<unused94>)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    rf"{_USED}(?:<\s*/\s*{_NAME}\s*>|\[\s*/\s*(?:THINK(?:ING)?|REASONING|THOUGHTS?)\s*\]|◁\s*/\s*think(?:ing)?\s*▷|"
    rf"<{_BAR}\s*{_END}\s*{_BAR}>|<channel\|>|<unused95>)",
    re.IGNORECASE,
)
_FINAL = re.compile(r"<\|channel\|>\s*final\b[^<]*<\|message\|>", re.IGNORECASE)
_BARE_FINAL = re.compile(r"\A\s*final\b[^<]*<\|message\|>", re.IGNORECASE)
_CHANNEL = re.compile(r"<\|channel\|>|\A\s*(?:analysis|commentary)\b[^<]*<\|message\|>", re.IGNORECASE)
_TURN = re.compile(r"<\|(?:return|end|start|im_end|eot_id|endoftext|message|call)\|>.*\Z", re.DOTALL | re.IGNORECASE)
# Channels without their special tokens run into what follows: no text of people reads "analysisThe".
_STRIPPED = re.compile(r"\A\s*(?:analysis|commentary)(?=[A-Z]|[^\W\x00-\x7f])")
_STRIPPED_FINAL = re.compile(r"assistant\s*final(?=\S|\s|\Z)")
_ONLY_FINAL = re.compile(r"\A\s*final(?=[A-Z0-9*\[\"])")
_PHRASE = re.compile(r"\A\W*here(?:'s| is) my thought process:?", re.IGNORECASE)
_PHRASE_END = re.compile(r"here(?:'s| is) my response:?\W*?(?=\s|\w|\Z)", re.IGNORECASE)
_WRAPPING = re.compile(
    r"\A\s*(?:<\s*(?:answer|response|output|solution|final|final_answer|reply)\s*>|"
    r"<\|\s*(?:START_(?:RESPONSE|TEXT)|begin_of_(?:solution|answer|response|box))\s*\|>|<\|START_ACTION\|>)",
    re.IGNORECASE,
)
_UNWRAPPING = re.compile(
    r"<\s*/\s*(?:answer|response|output|solution|final|final_answer|reply)\s*>|"
    r"<\|\s*(?:END_(?:RESPONSE|TEXT)|end_of_(?:solution|answer|response|box))\s*\|>",
    re.IGNORECASE,
)
# What a first token may be part of; compared without regard to case.
_BEGINNINGS = (
    "<think>", "<thinking>", "<thought>", "<thoughts>", "<reasoning>", "<reason>", "<reflection>", "<seed:think>",
    "<scratchpad>", "[think]", "◁think▷", "<|channel|>", "<|channel>", "<|begin_of_thought|>", "<|start_thinking|>",
    "<|thinking|>", "<|think|>", "<|inner_prefix|>", "<unused94>",
)  # fmt: skip


class Said(NamedTuple):
    """The ``text`` behind the thoughts; ``thought``: whether there were any; ``open``: whether one has no end."""

    text: str
    thought: bool = False
    open: bool = False


def said(text: str) -> Said:
    r"""What a text says behind its thoughts; nothing where the last of them has no end.

    >>> said("<think>\nA or B?\n</think>\n\nA")
    Said(text='A', thought=True, open=False)
    >>> said("A or B? Rather B. </think>B").text, said("I think so.").text
    ('B', 'I think so.')
    >>> said("<|channel|>analysis<|message|>A?<|end|><|start|>assistant<|channel|>final<|message|>B<|return|>").text
    'B'
    >>> said("Hm. [THINK]A? B?").open
    True
    """
    for of in (_channels, _stripped_channels, _phrases, _tags):
        found = of(text)
        if found is not None:
            return found._replace(text=_unwrapped(found.text))
    return Said(_unwrapped(text))


def opens_thought(token: str) -> bool:
    """Whether a text begins with a thought, or may be the first token of the mark that does.

    >>> [opens_thought(token) for token in ("<think>", "<", " <|channel|>", "analysis", "A", "[", "I")]
    [True, True, True, True, False, False, False]
    """
    begun = token.strip()
    if begun == "[" or not begun:
        return False
    return (
        any(beginning.startswith(begun.casefold()) for beginning in _BEGINNINGS)
        or _OPENING.match(begun) is not None
        or _CHANNEL.match(begun) is not None
        or _STRIPPED.match(begun) is not None
        or begun == "analysis"
    )


def _channels(text: str) -> Said | None:
    finals = list(_FINAL.finditer(text)) or list(_BARE_FINAL.finditer(text))
    if finals:
        return Said(_TURN.sub("", text[finals[-1].end() :]).strip(), finals[-1].start() > 0)
    if _CHANNEL.search(text):
        return Said("", thought=True, open=True)
    return None


def _stripped_channels(text: str) -> Said | None:
    ends = [end for end in _STRIPPED_FINAL.finditer(text) if " " not in end[0]]
    begun = _STRIPPED.match(text)
    if not ends and text.lstrip().startswith(("analysis", "commentary")):
        ends = [end for end in _STRIPPED_FINAL.finditer(text) if "\n" in end[0]]
    if ends:
        return Said(text[ends[-1].end() :].strip(), thought=True)
    if begun:
        return Said("", thought=True, open=True)
    only = _ONLY_FINAL.match(text)
    return Said(text[only.end() :].strip()) if only else None


def _phrases(text: str) -> Said | None:
    ends = list(_PHRASE_END.finditer(text)) if _PHRASE.match(text) else []
    return Said(text[ends[-1].end() :].strip(), thought=True) if ends else None


def _tags(text: str) -> Said | None:
    ends = list(_CLOSING.finditer(text))
    rest = text[ends[-1].end() :] if ends else text
    if _OPENING.search(rest):
        return Said("", thought=True, open=True)
    return Said(rest.strip(), thought=True) if ends else None


def _unwrapped(text: str) -> str:
    """The text without the marks that some models put around an answer."""
    wrapping = _WRAPPING.match(text)
    if wrapping is None:
        return text
    inside = text[wrapping.end() :]
    return _UNWRAPPING.sub("\n", inside).strip()
