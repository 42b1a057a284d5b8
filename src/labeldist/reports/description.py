"""A description as sections for reading. For JSON there is ``Description.to_dict``."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator

from labeldist.evaluation.annotators import CHANCE, Annotator
from labeldist.evaluation.by_group import Group
from labeldist.evaluation.description import Description, ShownItem
from labeldist.evaluation.evaluation import Interval
from labeldist.reports.sections import Section

MOST_NAMED = 10  # annotators in a table
MOST_SIZES = 8  # numbers of labels per item that are listed
LONGEST_TEXT = 400  # signs of an item's text
SMALL = 0.0001


def sections_of(found: Description) -> list[Section]:
    """All there is to say, from what the source holds to what may be wrong with it."""
    made = [
        _overview(found),
        _labels(found),
        _agreement(found),
        *_groups(found),
        *_annotators(found),
        *_biases(found),
        *_items(found),
    ]
    if found.problems:
        made.append(Section("Problems", [one.in_words() for one in found.problems]))
    return made


def _overview(found: Description) -> Section:
    sizes = [f"{items:,} with {number:,}" for number, items in sorted(found.labels_per_item.items())]
    more = f", and {len(sizes) - MOST_SIZES} more sizes" if len(sizes) > MOST_SIZES else ""
    who = f" by {_count(found.annotators, 'annotator')}" if found.annotators else ", annotators unnamed"
    lines = [
        f"{found.name}: {_count(found.items, 'item')}, {_count(sum(found.label_counts.values()), 'label')}{who}",
        f"labels per item: {', '.join(sizes[:MOST_SIZES])}{more}",
    ]
    if found.with_reference:
        lines.append(f"{_count(found.with_reference, 'item')} with a reference")
    if found.evidence:
        lines.append(f"evidence: {', '.join(found.evidence)}")
    return Section(lines=lines)


def _labels(found: Description) -> Section:
    rows = [
        [label, f"{count:,}", share(found.agreement.shares[label].value), bounds(found.agreement.shares[label])]
        for label, count in found.label_counts.items()
    ]
    return Section("Labels", head=["label", "count", "share", "95%"], rows=rows)


def _agreement(found: Description) -> Section:
    of = found.agreement
    rows = [[f"Krippendorff's alpha, {level}", share(one.value), bounds(one)] for level, one in of.alpha.items()]
    rows.append(["all labels of an item are the same", share(of.unanimous.value), bounds(of.unanimous)])
    notes = [f"Of the {_count(of.compared, 'item')} with two labels or more."]
    if found.resamples:
        notes.append(f"Intervals: {found.resamples:,} bootstrap resamples of the items.")
    return Section("Agreement", head=["", "value", "95%"], rows=rows, notes=notes)


def _groups(found: Description) -> Iterator[Section]:
    if not found.groups:
        return
    rows = [
        [
            group.name,
            f"{group.annotators:,}",
            f"{group.labels:,}",
            *(share(one.value) for one in group.agreement.alpha.values()),
            *(share(group.agreement.shares[label].value) for label in found.label_counts),
        ]
        for group in found.groups
    ]
    alphas = [f"alpha, {level}" for level in found.agreement.alpha] if len(found.agreement.alpha) > 1 else ["alpha"]
    yield Section(
        f"Groups by {found.by}", head=[found.by or "", "annotators", "labels", *alphas, *found.label_counts], rows=rows
    )
    # Of two groups the second differs as the first does, the other way round.
    apart = [one for one in found.groups[: 1 if len(found.groups) == 2 else None] if one.difference]
    if apart:
        yield Section(
            "How they differ",
            head=["", "label", "group", "others", "difference", "95%"],
            rows=[_difference(group, label) for group in apart for label in found.label_counts],
            notes=[_how_compared(apart), "*: the interval leaves out 0."],
        )


def _difference(group: Group, label: str) -> list[str]:
    one = group.difference[label]
    own = group.agreement.shares[label].value if not group.both else group.own[label]
    star = "*" if group.stands_out(label) else ""
    return [group.name, label, share(own), share(own - one.value), signed(one.value) + star, bounds(one, sign=True)]


def _how_compared(groups: list[Group]) -> str:
    both = sorted({group.both for group in groups})
    if both == [0]:
        return "No two items have labels of a group and of others: other items may be why they differ."
    told = f"{both[0]:,}" if len(both) == 1 else f"{both[0]:,} to {both[-1]:,}"
    return f"Shares on the {told} items that the group and others labelled, too, each item counted once."


def _annotators(found: Description) -> Iterator[Section]:
    people = found.each_annotator
    if not people:
        return
    out = found.standing_out()
    testable = sum(one.chance is not None for one in people)
    lines = [
        f"{len(out):,} of {_count(len(people), 'annotator')} differ from the others on the same items by more than "
        f"chance (p < {CHANCE}, by Holm for {testable:,})"
        if testable
        else "no two annotators differ on an item, so nobody stands out"
    ]
    head = ["annotator", "items", "agrees", "label", "own", "others", "times", "expected", "p"]
    rows = [_annotator(one) for one in (out or people)[:MOST_NAMED]]
    notes = []
    if len(out or people) > MOST_NAMED:
        notes.append(f"{len(out or people) - MOST_NAMED:,} more are in the JSON.")
    if testable:
        notes += [
            "agrees: how often with another annotator of the same item.",
            "label: the one that differs most; own, others: its share on the items that others labelled, too.",
            "times, expected: how often it was given where not all agree, and by anyone of the same annotators.",
            "p: the chance of such a difference among exchangeable annotators, corrected.",
        ]
    yield Section("Annotators", lines, head, rows, notes)


def _annotator(one: Annotator) -> list[str]:
    known = one.label is not None and one.chance is not None
    return [
        one.name,
        f"{one.items:,}",
        share(one.agreement),
        one.label if known and one.label else "",
        share(one.own[one.label]) if known and one.label else "",
        share(one.others[one.label]) if known and one.label else "",
        f"{one.chosen:,}" if known else "",
        f"{one.expected:,.1f}" if known else "",
        chance(one.chance),
    ]


def _biases(found: Description) -> Iterator[Section]:
    if not found.biases:
        return
    rows = [
        [one.name, f"{one.labels:,}", *(f"{signed(one.bias[label])} ({one.errors[label]:.3f})" for label in one.bias)]
        for one in found.biases[:MOST_NAMED]
    ]
    notes = [
        "How much more weight an annotator gives each label than all do on the same items, as a logarithm (standard "
        "error); +0.693 is twice. estimate takes it into account."
    ]
    if len(found.biases) > MOST_NAMED:
        notes.append(f"{len(found.biases) - MOST_NAMED:,} more are in the JSON.")
    yield Section("Biases of annotators", head=["annotator", "labels", *found.label_counts], rows=rows, notes=notes)


def _items(found: Description) -> Iterator[Section]:
    if found.shown:
        lines = [line for item in found.shown for line in _item(item)]
        note = "The chance that two more annotators would differ counts half a pseudo-count for each label."
        yield Section("Items", lines, notes=[note])


def _item(item: ShownItem) -> Iterator[str]:
    counts = ", ".join(f"{count} {label}" for label, count in item.label_counts.items() if count) or "no label"
    yield f"{item.id}: {counts}; two more would differ with a chance of {item.disagreement:.2f}"
    for name, text in item.texts.items():
        yield f"  {name}: {textwrap.shorten(text, LONGEST_TEXT, placeholder=' ...')}"


def share(value: float) -> str:
    """Three decimals, or "undefined".

    >>> share(0.12345), share(math.nan)
    ('0.123', 'undefined')
    """
    return "undefined" if math.isnan(value) else f"{value:.3f}"


def signed(value: float) -> str:
    """Three decimals with a sign."""
    return "undefined" if math.isnan(value) else f"{value:+.3f}"


def bounds(one: Interval, *, sign: bool = False) -> str:
    """The ends of an interval, or nothing where there is none."""
    shown = signed if sign else share
    return "" if math.isnan(one.low) else f"{shown(one.low)} to {shown(one.high)}"


def chance(value: float | None) -> str:
    """A chance with as many decimals as it needs.

    >>> chance(0.04321), chance(2e-9), chance(None)
    ('0.043', '<0.0001', 'unknown')
    """
    if value is None:
        return "unknown"
    return f"<{SMALL}" if value < SMALL else f"{value:.4f}" if value < 0.001 else f"{value:.3f}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
