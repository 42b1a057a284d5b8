"""What people are asked, whatever tool asks them: questions, and the units that each is asked about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PLAIN = re.compile(r"[\w.:@+#-]+(?: [\w.:@+#-]+)*")  # what tools keep as it is, in forms and in addresses
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Option:
    """One answer: how the tool stores it, what it means, and how people see it."""

    stored: str
    meant: str
    shown: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question, by its name in the tool; every unit is asked all questions of its study."""

    name: str
    text: str
    options: tuple[Option, ...]

    @property
    def meanings(self) -> dict[str, str]:
        """What each stored answer means."""
        return {option.stored: option.meant for option in self.options}


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing to ask about: its id in the tool, the texts that people see, with their headings, and the ``key``.

    The key says what it is; people must not see it.
    """

    id: str
    texts: tuple[tuple[str, str], ...]
    key: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Study:
    """Units and the questions asked about them; ``instructions`` are paragraphs."""

    what: str
    title: str
    instructions: tuple[str, ...]
    questions: tuple[Question, ...]
    units: tuple[Unit, ...]


def options(answers: Iterable[tuple[str, str]]) -> tuple[Option, ...]:
    """Options from (meaning, how people see it); a meaning that a tool might not keep is stored as a number.

    >>> [option.stored for option in options([("not offensive", "not offensive"), ("<b>", "bold")])]
    ['not offensive', 'option-2']
    """
    return tuple(
        Option(stored(meant, f"option-{number}"), meant, shown) for number, (meant, shown) in enumerate(answers, 1)
    )


def stored(name: str, otherwise: str) -> str:
    """``name`` where every tool keeps it as it is, else ``otherwise``.

    >>> stored("md-dev-1", "item-1"), stored("<script>", "item-2")
    ('md-dev-1', 'item-2')
    """
    return name if len(name) <= LONGEST and PLAIN.fullmatch(name) else otherwise
