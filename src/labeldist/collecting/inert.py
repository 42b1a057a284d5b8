"""Text that an annotation tool shows as it is, wherever in a page it puts it.

Potato renders its configuration as a Jinja template and copies an item's data, as JSON, into a script of the page, so
that ``</script>`` in a text ended it (2.12.1). Escapes would be shown where it escapes by itself. A word joiner, which
nobody sees and which has no width, keeps every sign that would begin a tag, an entity or a template from doing so.
"""

from __future__ import annotations

import re

JOINER = "\u2060"
_BEGINS = re.compile(r"<(?=[a-zA-Z/!?])|&(?=[a-zA-Z#])|\{(?=[{%#])")


def inert(text: str) -> str:
    """``text`` with a word joiner where markup or a template would begin.

    >>> inert("a < b & c") == "a < b & c", inert("<b>{{x}}&lt;").replace(JOINER, "|")
    (True, '<|b>{|{x}}&|lt;')
    """
    return _BEGINS.sub(lambda found: found[0] + JOINER, text)


def bare(text: str) -> str:
    """``text`` without word joiners, as it was before :func:`inert`."""
    return text.replace(JOINER, "")
