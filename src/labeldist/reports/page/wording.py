"""The sentences of a page that do not come with the view."""

from __future__ import annotations

from labeldist.reports.view import Kind, View

MOST_DOTS = 2000  # items that are drawn one by one
# What a newcomer has to know, in the order of the house's own way: from labels to many people.
MEANING: dict[Kind, str] = {
    "labels": "what your annotators said, counted.",
    "model": "what a model says, before it is combined with any label.",
    "posterior": "labels and evidence combined: our estimate of what a hundred annotators would say.",
    "reference": "what many people said, to check the rest against.",
}
# Terms of this field, in the order in which they come up; the first part says where one is shown.
GLOSSARY: tuple[tuple[str, str], ...] = (
    ("posterior", "What labels and evidence together say of an item, with an interval for each label's share."),
    ("MJD", "Model judgment distribution: how a language model's answers are spread over the labels, averaged over "
     "orders of options and explanations."),
    ("none, label-free, label-guided", "Which explanations the model saw: none; one for each label; as many of each "
     "label as annotators chose it."),
    ("Krippendorff's alpha", "Agreement of annotators: 1 is full agreement, 0 is as much as chance gives."),
    ("KL", "Kullback-Leibler divergence of an estimate from the truth, in nats; 0 is no error."),
    ("TVD", "Total variation distance: the share of votes that would have to change to make two distributions equal."),
    ("JSD", "Jensen-Shannon distance, symmetric and bounded (0 to 0.83); the paper calls it so."),
    ("D.Corr", "Distance correlation: whether items that are alike by one are alike by the other; 1 is best."),
    ("CE", "Cross-entropy of the references under an estimate, in nats."),
    ("+ 0.5 per label", "A baseline from labels alone: counts with half a vote added for each label."),
    ("saves", "So many labels per item would tell as much as the models' answers do."),
)  # fmt: skip
TITLES: dict[Kind, str] = {"labels": "Labels", "model": "Model", "posterior": "Posterior", "reference": "Reference"}


def kinds(view: View) -> list[tuple[str, str, str]]:
    """The kinds of distributions in a view: kind, title, meaning."""
    there = {one["kind"] for one in view["sets"]}
    return [(kind, TITLES[kind], meaning) for kind, meaning in MEANING.items() if kind in there]


def named_sets(view: View) -> dict[str, str]:
    """What to call each set of distributions."""
    return {one["key"]: one["name"] for one in view["sets"]}


def reading(view: View) -> list[str]:
    """How the picture of the items is read, a sentence each."""
    count = len(view["labels"])
    many = len(view["items"]) > MOST_DOTS
    if count == 3:
        mark = "Each hexagon stands for the items around it." if many else "Each dot is an item."
        return [
            f"{mark} The closer to a corner, the more people would choose that label; the middle is full disagreement."
        ]
    if count == 2:
        mark = "The higher a bar, the more items" if many else "Each dot is an item"
        first, second = view["labels"]
        return [f"{mark}: on the left all would say “{first}”, on the right all “{second}”."]
    order = "along the scale" if view["values"] is not None else "by their most probable label and its share"
    return [f"Each thin column is an item, or a few beside each other, ordered {order}; its colours are its shares."]


def count(number: int, what: str) -> str:
    """A number and what is counted.

    >>> count(1, "item"), count(1200, "item")
    ('1 item', '1,200 items')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"
