"""Draws the picture of docs/concept-worth.md: `python docs/write_kinds.py`. Items of four kinds, two priors of them.

Each dot is an item's distribution over three labels: made up, drawn from the single Dirichlet that was fitted to four
labels of each of 800 such items, and drawn from the mixture that was fitted to the same labels.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from labeldist.estimation.labels import fit_labels
from labeldist.estimation.observations import Array, Observations
from labeldist.estimation.stacking import stacked

PICTURE = Path(__file__).parent / "concept-worth-kinds.svg"
KINDS = ((9, 0.5, 0.3), (0.3, 9, 0.5), (3, 3, 0.3), (2, 2, 2))
SHARES = (0.35, 0.3, 0.25, 0.1)
ITEMS, ANNOTATORS, SHOWN = 800, 4, 220
SIDE, GAP, TOP = 200, 30, 34
LABELS = ("yes", "no", "unclear")


def main() -> None:
    """Write the picture."""
    generator = np.random.default_rng(0)
    truth = np.array([generator.dirichlet(KINDS[kind]) for kind in generator.choice(len(KINDS), ITEMS, p=SHARES)])
    counts = generator.multinomial(ANNOTATORS, truth).astype(np.float64)
    observed = Observations(LABELS, tuple(map(str, range(ITEMS))), counts)
    single = fit_labels(observed)
    mixed = stacked(observed, single).stack
    alpha, log_weight = (part[0] for part in mixed.prior((), 1))
    kinds = generator.choice(len(alpha), SHOWN, p=np.exp(log_weight))
    panels = (
        ("the items", truth[:SHOWN]),
        ("one Dirichlet", generator.dirichlet(single.concentration * single.prior_mean((), 1)[0], SHOWN)),
        ("the mixture", np.array([generator.dirichlet(alpha[kind]) for kind in kinds])),
    )
    PICTURE.write_text(picture(panels), encoding="utf-8")


def picture(panels: tuple[tuple[str, Array], ...]) -> str:
    """The panels side by side, as SVG."""
    height = SIDE * 3**0.5 / 2
    width = len(panels) * (SIDE + GAP) + GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + TOP + 44:.0f}" role="img" '
        'font-family="sans-serif" font-size="12" fill="#555">',
        "<title>Items of four kinds; draws from one fitted Dirichlet; draws from the fitted mixture</title>",
    ]
    for at, (name, points) in enumerate(panels):
        left, low = GAP + at * (SIDE + GAP), TOP + height + 12
        lines.append(f'<text x="{left + SIDE / 2}" y="14" text-anchor="middle" font-weight="bold">{name}</text>')
        lines.append(
            f'<path d="M{left} {low:.0f}h{SIDE}L{left + SIDE / 2} {low - height:.0f}Z" fill="none" stroke="#999"/>'
        )
        corners = ((left, low + 16, LABELS[0]), (left + SIDE, low + 16, LABELS[1]))
        lines += [f'<text x="{x}" y="{y:.0f}" text-anchor="middle">{label}</text>' for x, y, label in corners]
        lines.append(f'<text x="{left + SIDE / 2}" y="{low - height - 5:.0f}" text-anchor="middle">{LABELS[2]}</text>')
        across = left + SIDE * (points[:, 1] + points[:, 2] / 2)
        up = low - height * points[:, 2]
        dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in zip(across, up, strict=True))
        lines.append(f'<path d="{dots}" stroke="#1f6feb" stroke-opacity=".6" stroke-width="4" stroke-linecap="round"/>')
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    main()
