"""Numbers of a view as a page shows them: rounded, and with their place in the view, so that tests can compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

UNKNOWN = "undefined"
MINUS = "−"
Step = str | int
Shown = Callable[..., Markup]


def number_of(view: Mapping[str, Any]) -> Shown:
    """What shows the number at a path of ``view``, as an element; parts of a path may be paths.

    >>> number_of({"a": [0.1254]})("a", 0)
    Markup('<span class="n" data-path="a.0">0.125</span>')
    """

    def shown(*parts: Step | tuple[Step, ...], d: int = 3, sign: bool = False) -> Markup:
        path = [step for part in parts for step in (part if isinstance(part, tuple) else (part,))]
        text = number(value_at(view, path), d, sign=sign)
        return Markup('<span class="n" data-path="{}">{}</span>').format(".".join(map(str, path)), text)

    return shown


def value_at(view: Any, path: Sequence[Step]) -> Any:
    """What stands at a path of keys and places."""
    for step in path:
        view = view[step]
    return view


def number(value: float | None, decimals: int, *, sign: bool = False) -> str:
    """A number with its thousands apart, and so many decimals unless it counts something.

    >>> number(12345, 3), number(-0.5, 2), number(0.25, 1, sign=True), number(None, 2)
    ('12,345', '−0.50', '+0.2', 'undefined')
    """
    if value is None:
        return UNKNOWN
    text = (
        f"{value:{'+' if sign else ''},}" if isinstance(value, int) else f"{value:{'+' if sign else ''},.{decimals}f}"
    )
    if not text.strip("-+0.,"):
        text = text.lstrip("-+")  # no minus before 0
    return text.replace("-", MINUS)
