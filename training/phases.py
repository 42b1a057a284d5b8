"""The two phases of the training: what a step holds, how fast it learns, how long it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

WARM_UP = 0.03  # share of a phase in which the learning rate rises


@dataclass(frozen=True)
class Phase:
    """One phase. The sizes are examples per step, by kind."""

    name: str
    minutes: float
    peak_rate: float
    plain: int
    explained: int
    listing: int

    def rate(self, progress: float) -> float:
        """Learning rate at a share of the phase: a short linear rise, then a half cosine to nearly zero."""
        if progress < WARM_UP:
            return self.peak_rate * max(progress, 0.0005) / WARM_UP
        done = min(1.0, (progress - WARM_UP) / (1.0 - WARM_UP))
        return self.peak_rate * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * done)))


# Judging is learned first, mostly; lists need more steps than it does, and go on in a phase of their own.
PHASES = (
    Phase("judging", minutes=65, peak_rate=4e-4, plain=48, explained=24, listing=24),
    Phase("lists", minutes=30, peak_rate=3e-4, plain=24, explained=12, listing=48),
)
