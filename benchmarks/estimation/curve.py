"""A learning curve as an SVG, or as text where matplotlib is not installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

WIDTH = 60
Ways = Mapping[str, Sequence[float]]


def in_text(title: str, sizes: Sequence[int], ways: Ways) -> str:
    """A line per size; each way's first letter stands where its value is.

    >>> print(in_text("KL", [10, 200], {"reference": [0.2, 0.1], "labels": [0.3, 0.3]}))
    KL: R reference, L labels
          .100                                                    .300
      10 |                              R                             L|
     200 |R                                                           L|
    """
    low = min(min(values) for values in ways.values())
    high = max(max(values) for values in ways.values())
    names = ", ".join(f"{way[0].upper()} {way}" for way in ways)
    ends = f"{low:.3f}".lstrip("0"), f"{high:.3f}".lstrip("0")
    lines = [f"{title}: {names}", f"      {ends[0]}{ends[1]:>{WIDTH - len(ends[0])}}"]
    for at, size in enumerate(sizes):
        row = [" "] * (WIDTH + 1)
        for way, values in ways.items():
            row[round(WIDTH * (values[at] - low) / max(high - low, 1e-12))] = way[0].upper()
        lines.append(f"{size:>4} |{''.join(row)}|")
    return "\n".join(lines)


def to_svg(file: Path, sizes: Sequence[int], curves: Mapping[str, Ways]) -> Path:
    """A panel per curve, KL against the number of references. Needs the extra ``plots``."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(curves), figsize=(5 * len(curves), 4), sharey=True, squeeze=False)
    for panel, (name, ways) in zip(axes[0], curves.items(), strict=True):
        for way, values in ways.items():
            panel.plot(sizes, values, marker="o", label=way)
        panel.set(title=name, xlabel="references", ylabel="KL", xscale="log")
        panel.set_xticks(sizes, [str(size) for size in sizes])
        panel.minorticks_off()
        panel.legend()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)
    pyplot.close(figure)
    return file
