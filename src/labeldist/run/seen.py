"""Whether distributions rest on labels that they are compared with, where annotators are held out as the reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from labeldist.core.errors import UsageError, shown
from labeldist.core.item import Item
from labeldist.explain.condition import HUMAN


def refuse_seen(items: Iterable[Item], seen: Mapping[str, Mapping[str, Counter[str]]]) -> None:
    """Raise :class:`UsageError` where a prediction saw more labels of an item than holding annotators out has left it.

    ``seen``: by name and item id. Labels of another number of annotators, or of others, would make the comparison look
    far too good; what rows do not tell is not known.
    """
    left = {item.id: Counter(annotation.label for annotation in item.labels) for item in items}
    for name, of_item in seen.items():
        ids = [id_ for id_, labels in of_item.items() if id_ in left and not labels <= left[id_]]
        if ids:
            raise UsageError(
                f"{name} saw labels that are the reference here: of {len(ids):,} items, such as {shown(ids[0])}",
                hint="make it with the same --hold-out N:SEED that it is evaluated with",
            )


def labels_seen(extra: Mapping[str, Any]) -> Counter[str]:
    """How many labels of each kind a row must have seen: those that a posterior counted or that guided explanations.

    >>> labels_seen({"label_counts": {"yes": 2, "no": 0}})
    Counter({'yes': 2, 'no': 0})
    >>> labels_seen({"saw_labels": True, "explanations": [{"label": "no", "text": "It is not.", "source": "llm"}]})
    Counter({'no': 1})
    """
    counts = extra.get("label_counts")
    if isinstance(counts, dict):
        return Counter({label: count for label, count in counts.items() if isinstance(count, int)})
    given = extra.get("explanations")
    explanations = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    # People's own explanations may be several for one label.
    if extra.get("saw_labels") is True and all(one.get("source") != HUMAN for one in explanations):
        return Counter(str(one.get("label")) for one in explanations)
    return Counter()
