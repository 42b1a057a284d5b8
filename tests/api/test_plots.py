"""What users plot: the numbers of their results on axes of theirs or ours, and errors that say what to give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import labeldist as ld
from labeldist.api.distributions import Distributions
from labeldist.core.errors import MissingExtraError, UsageError
from labeldist.core.item import Annotation, Item
from labeldist.estimation.estimate import Estimate

matplotlib = pytest.importorskip("matplotlib", reason="the extra 'plots' is not installed")
pytest.importorskip("mpltern", reason="the extra 'plots' is not installed")
LABELS = ("fine", "rude", "hateful")


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    matplotlib.use("agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def items(labels: tuple[str, ...] = LABELS, count: int = 40) -> list[Item]:
    draw = np.random.default_rng(0)
    truth = draw.dirichlet(np.full(len(labels), 0.8), count)
    given = [[Annotation(str(label)) for label in draw.choice(labels, 4, p=shares)] for shares in truth]
    many = [dict(zip(labels, draw.multinomial(50, shares).tolist(), strict=True)) for shares in truth]
    return [Item(str(at), {}, tuple(given[at]), reference=many[at]) for at in range(count)]


def known(labels: tuple[str, ...] = LABELS) -> Estimate:
    evidence = {
        item.id: {label: (item.reference or {})[label] / 100 + 0.5 / len(labels) for label in labels}
        for item in items(labels)
    }
    return ld.estimate(ld.read(items(labels), labels=labels), evidence={"llm": evidence}, saw_labels=False)


def offsets(axes: Any) -> set[tuple[float, float]]:
    found = np.concatenate([np.asarray(one.get_offsets()) for one in axes.collections])
    return {(round(x, 4), round(y, 4)) for x, y in found.tolist()}


def flat(shares: Any) -> set[tuple[float, float]]:
    """Where mpltern has these places: the first label on top of a triangle of height 1, whose base is centred."""
    places = np.asarray(shares).round(3)
    places /= places.sum(axis=1, keepdims=True)
    half = 1 / 3**0.5
    return {(round((right - left) * half, 4), round(top, 4)) for top, left, right in places.tolist()}


def test_one_result_is_one_triangle_and_several_are_several() -> None:
    votes = ld.read(items(), labels=LABELS)
    posterior = known()
    alone = ld.plot_triangle(posterior)
    several = ld.plot_triangle({"labels": votes, "ours": posterior}, reference=votes)
    assert [axes.get_title(loc="left") for axes in several] == ["(a) labels", "(b) ours", "(c) reference"]
    assert offsets(alone) == offsets(several[1])
    counts = np.array([item.label_counts(LABELS) for item in items()])
    references = np.array([[(item.reference or {})[label] / 50 for label in LABELS] for item in items()])
    for axes, shares in zip(several, (counts / 4, posterior.distribution, references), strict=True):
        assert _relative(offsets(axes)) == pytest.approx(_relative(flat(shares)), abs=2e-3)


def _relative(places: set[tuple[float, float]]) -> list[float]:
    """Places by what does not depend on how large a triangle is drawn, or where: as shares of their extent."""
    rows = np.array(sorted(places))
    return ((rows - rows.min(axis=0)) / (rows.max(axis=0) - rows.min(axis=0))).ravel().tolist()


@pytest.mark.parametrize("count", [2, 5])
def test_other_numbers_of_labels_are_a_line_or_bars(count: int) -> None:
    labels = tuple("abcde"[:count])
    axes = ld.plot_triangle(known(labels))
    assert "all b" in axes.get_xlabel() if count == 2 else len(axes.patches) == 5


def test_axes_of_ones_own() -> None:
    import matplotlib.pyplot as plt
    import mpltern  # noqa: F401

    mine = plt.subplot(projection="ternary")
    assert ld.plot_triangle(known(), ax=mine) is mine
    with pytest.raises(UsageError, match="projection"):
        ld.plot_triangle(known(), ax=plt.figure().subplots())
    with pytest.raises(UsageError, match="1 axes for 2"):
        ld.plot_triangle({"a": known(), "b": known()}, axes=[mine])
    plain = plt.figure().subplots()
    assert ld.plot_worth(known(), ax=plain) is plain
    with pytest.raises(UsageError, match="1 axes for 2 items"):
        ld.plot_distributions(known(), ["0", "1"], axes=[plain])
    assert ld.plot_distributions(known(), ["3"], axes=[plain]) == [plain]


def test_items_are_shown_with_their_intervals() -> None:
    posterior = known()
    [axes] = ld.plot_distributions({"labels": ld.read(items(), labels=LABELS), "posterior": posterior}, ["7"])
    drawn = [tuple(segment[:, 0]) for one in axes.collections for segment in one.get_segments()]
    ends = zip(posterior.posterior.low[7], posterior.posterior.high[7], strict=True)
    assert drawn == [pytest.approx(pair) for pair in ends]
    assert axes.lines[1].get_xdata().tolist() == pytest.approx(posterior.distribution[7].tolist())
    six = [axes.get_title(loc="left") for axes in ld.plot_distributions(posterior)]
    clear = np.square(posterior.distribution).sum(axis=1)
    assert six == [posterior.ids[at] for at in np.argsort(clear)[:6]]
    with pytest.raises(UsageError, match="'nobody'"):
        ld.plot_distributions(posterior, ["nobody"])


def test_calibration_counts_what_is_there() -> None:
    posterior = known()
    axes = ld.plot_calibration(posterior, reference=items())
    references = np.array([[(item.reference or {})[label] / 50 for label in LABELS] for item in items()])
    in_order = references.ravel()[np.argsort(posterior.distribution.ravel(), kind="stable")]
    wanted = [part.mean() for part in np.array_split(in_order, min(10, len(in_order) // 10))]
    assert axes.containers[0].lines[0].get_ydata().tolist() == pytest.approx(wanted)
    held = ((posterior.posterior.low <= references + 1e-9) & (references - 1e-9 <= posterior.posterior.high)).mean()
    assert axes.get_title(loc="left").startswith(f"intervals hold {held:.0%} of references")
    bare = [Item(item.id, {}, item.labels) for item in items()]
    with pytest.raises(UsageError, match="no item with a reference"):
        ld.plot_calibration(posterior, reference=bare)
    others = [Item(f"other {item.id}", {}, reference=item.reference) for item in items()]
    with pytest.raises(UsageError, match="has a reference"):
        ld.plot_calibration(posterior, reference=others)


def test_worth_and_curve_are_those_of_the_results() -> None:
    posterior = known()
    [saved] = posterior.calibration.saves
    axes = ld.plot_worth({"mine": posterior})
    [ends] = axes.containers[0].lines[2][0].get_segments()
    assert ends[:, 0].tolist() == pytest.approx([saved.low, saved.high])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["mine: llm"]
    plan = ld.plan(ld.read(items(), labels=LABELS))
    drawn = ld.plot_learning_curve(plan, "tvd")
    assert drawn.lines[0].get_ydata().tolist() == [one.tvd for one in plan.predicted]
    for wrong, error in (
        (lambda: ld.plot_learning_curve(plan, "kld"), "kld"),
        (lambda: ld.plot_learning_curve(posterior), "Estimate"),  # type: ignore[arg-type]
        (lambda: ld.plot_worth(ld.estimate(items(), texts=False)), "no evidence whose worth"),
        (lambda: ld.plot_worth(3), "'int'"),
        (lambda: ld.plot_triangle({}), "nothing to plot"),
        (lambda: ld.plot_triangle([1, 2]), "'list'"),
        (lambda: ld.plot_triangle({"a": posterior, "b": known(("x", "y"))}), "labels x, y"),
        (lambda: ld.plot_triangle(Distributions("none", LABELS, ())), "without any item"),
    ):
        with pytest.raises(UsageError, match=error):
            wrong()


def test_a_users_own_style_is_left_as_it_was() -> None:
    import matplotlib.pyplot as plt

    with plt.rc_context({"font.size": 17.0}):
        before = dict(plt.rcParams)
        ld.plot_triangle(known())
        assert dict(plt.rcParams) == before


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labeldist.reports.figures.style.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"plot_triangle needs .*'plots'"):
        ld.plot_triangle(known())
