"""What a report shows, as JSON: made once, then printed (``--json``), embedded in a page, drawn as figures.

Whoever shows it only formats: every number of a page or a figure is one of these. Shares are in the order of
``labels``; what is not known is None.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

FORMAT = "labeldist report 1"
# What a distribution is: labels as they are, what a model says, what labels and evidence give together, many people.
Kind = Literal["labels", "model", "posterior", "reference"]


class DistributionSet(TypedDict):
    """One distribution per item: ``key`` names it in items, ``name`` is shown."""

    key: str
    name: str
    kind: Kind


class Orders(TypedDict):
    """How an MJD depends on the order of explanations and options: of so many ``orders`` the standard deviation
    (``spread``) and the standard error of their mean, by label.
    """

    orders: int
    spread: list[float | None] | None
    standard_error: list[float | None] | None


class ShownExplanation(TypedDict):
    """A reason for a label: ``label`` is its place, ``shown_to`` the keys of the models that saw it."""

    label: int
    text: str
    source: str
    shown_to: list[str]


class ViewItem(TypedDict):
    """An item.

    ``label_counts`` (K). ``annotations``: (annotator or None, place of the label), each; empty where labels are counts.
    ``disagreement``: the chance that two further annotators differ. ``expected_kl``, ``expected_tvd``: of the main
    posterior. ``apart``: TVD between the first model and the item's labels. ``distributions``: by key, (K).
    ``intervals``: by key, (K, 2). ``prompts``: by key, one of the questions asked. ``cut``: what was shortened or left
    out so that the page stays small.
    """

    id: str
    texts: dict[str, str]
    label_counts: list[int]
    annotations: list[tuple[str | None, int]]
    disagreement: float | None
    expected_kl: float | None
    expected_tvd: float | None
    apart: float | None
    distributions: dict[str, list[float]]
    intervals: dict[str, list[tuple[float, float]]]
    orders: dict[str, Orders]
    explanations: list[ShownExplanation]
    prompts: dict[str, str]
    cut: list[str]


class Ends(TypedDict):
    """A number with the ends of its interval."""

    value: float | None
    low: float | None
    high: float | None


class Saved(TypedDict):
    """The labels per item that ``evidence`` saves (90%), also ``in_words``, without a subject."""

    evidence: list[str]
    labels: float
    low: float
    high: float
    in_words: str


class ViewFacts(TypedDict):
    """The numbers on top. ``labels``: all annotations; ``labels_per_item``: {number of labels: items with so many}.
    ``expected_kl``, ``expected_tvd``: means over the items of the main posterior; ``measured_kl``: its error on
    references (95%). ``alpha``: Krippendorff's, nominal.
    """

    items: int
    annotators: int
    labels: int
    labels_per_item: dict[str, int]
    with_reference: int
    label_shares: list[float | None]
    alpha: Ends | None
    unanimous: Ends | None
    saves: list[Saved]
    expected_kl: float | None
    expected_tvd: float | None
    measured_kl: Ends | None


class Sampled(TypedDict):
    """Which items are shown, of how many; in words where these are not all."""

    items: int
    of: int
    in_words: str


class ViewPage(TypedDict):
    """Which of several files this is, from 1, and their names."""

    number: int
    files: list[str]


class ViewAnnotator(TypedDict):
    """An annotator; see :class:`labeldist.evaluation.annotators.Annotator`. Shares by label, as those of all others on
    the same items.
    """

    name: str
    items: int
    labels: int
    compared: int
    agreement: float | None
    chance: float | None
    stands_out: bool
    label: str | None
    chosen: int | None
    expected: float | None
    shares: list[float | None]
    others: list[float | None]


class ViewGroup(TypedDict):
    """A group of annotators: its share of each label, and how far that is from the others' on the same items."""

    name: str
    annotators: int
    labels: int
    shares: list[Ends]
    difference: list[Ends | None]


class ViewAnnotators(TypedDict):
    """The ``people`` who stand out first (the first of ``of``), ``groups`` by what ``by`` says."""

    people: list[ViewAnnotator]
    of: int
    by: str | None
    groups: list[ViewGroup]


class Coverage(TypedDict):
    """How often intervals of ``mass`` hold the share that people gave: of ``shares`` (an item's label each) the share
    ``held``, with its 95% interval over items. ``expected``: the share that right intervals hold of what so few votes
    show. ``label`` None: of all labels.
    """

    set: str
    label: str | None
    mass: float
    held: float
    low: float
    high: float
    expected: float
    shares: int


class Bin(TypedDict):
    """Of ``shares`` predicted probabilities near ``predicted`` (mean) people gave ``observed`` (95%: low to high)."""

    set: str
    predicted: float
    observed: float
    low: float
    high: float
    shares: int


class ViewCalibration(TypedDict):
    """``against``: reference; or labels, which the ``prior`` (what was expected of an item before its own labels were
    counted) is compared with. ``votes``: how many are behind each (median), None where unknown. ``in_words``: what the
    numbers say.
    """

    against: Literal["reference", "labels"]
    votes: float | None
    coverage: list[Coverage]
    bins: list[Bin]
    in_words: list[str]


class CurvePoint(TypedDict):
    """The error to expect with so many ``labels`` per item and this ``evidence``, 90%: low to high."""

    labels: int
    evidence: list[str]
    kl: float
    kl_low: float
    kl_high: float
    tvd: float
    tvd_low: float
    tvd_high: float


class MeasuredPoint(TypedDict):
    """The error at hand, on ``references``, beside the one that is expected of the same items."""

    evidence: list[str]
    labels: float
    references: int
    kl: float
    expected_kl: float


class LearningCurve(TypedDict):
    """What further labels buy, by ``labeldist plan``: ``labels_now`` is the mean per labelled item."""

    labels_now: float
    predicted: list[CurvePoint]
    measured: list[MeasuredPoint]
    notes: list[str]


class ViewExperiment(TypedDict):
    """An experiment's ``cells`` and ``differences`` as in its ``results.jsonl``, and its ``columns``."""

    title: str
    question: str
    columns: list[dict[str, Any]]
    cells: list[dict[str, Any]]
    differences: list[dict[str, Any]]
    notes: list[str]


class ModelCost(TypedDict):
    """Finished calls of a model, in all."""

    model: str
    calls: int
    prompt_tokens: int
    new_tokens: int


class View(TypedDict):
    """All of it. ``about``: what this is, a sentence each. ``values``: where labels stand on a scale, None where they
    do not. ``main``: the key of the main posterior; ``model``: of the first model. ``in_short``: how far to trust the
    posterior, in a few sentences; ``calibrated``: how it was calibrated. ``evaluation``: as
    :meth:`labeldist.evaluation.evaluation.Evaluation.as_dict` gives it. ``provenance``: names and values, as they are
    shown.
    """

    format: str
    labeldist: str
    title: str
    about: list[str]
    labels: list[str]
    values: list[float] | None
    sets: list[DistributionSet]
    main: str | None
    model: str | None
    interval_mass: float | None
    facts: ViewFacts
    warnings: list[str]
    notes: list[str]
    in_short: list[str]
    calibrated: list[str]
    shown: Sampled
    page: NotRequired[ViewPage]
    items: list[ViewItem]
    annotators: ViewAnnotators | None
    evaluation: dict[str, Any] | None
    calibration: ViewCalibration | None
    learning_curve: LearningCurve | None
    experiments: list[ViewExperiment]
    cost: list[ModelCost]
    provenance: list[tuple[str, str]]
