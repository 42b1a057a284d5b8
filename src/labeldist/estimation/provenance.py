"""Where a calibration comes from that was learnt on other items, and whether it still fits the labels at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 0.01  # of a share, or nats: what is less does not matter, however sure it is


@dataclass(frozen=True, slots=True)
class Provenance:
    """The ``source`` and ``task`` that a calibration was learnt on, how many items it had, when (``date``), by which
    ``version`` of labeldist.
    """

    source: str
    task: str
    items: int
    labelled: int
    references: int
    date: str
    version: str

    def in_words(self) -> str:
        """Without a subject."""
        taught = f" and {self.references:,} references" if self.references else ""
        return f"learnt on {self.labelled:,} labelled items{taught} of {self.source} ({self.date})"


@dataclass(frozen=True, slots=True)
class Drift:
    """How the labels of ``items`` differ from what a calibration saw where it was learnt, beyond what it expects.

    ``likelihood``: by how much an item's labels are likelier (nats); ``shares``: by how much each label is commoner;
    each with its z-score (``likelihood_z``, ``shares_z``). ``limit``: the z-score that chance does not reach.
    """

    items: int
    likelihood: float
    likelihood_z: float
    shares: tuple[float, ...]
    shares_z: tuple[float, ...]
    limit: float

    @property
    def found(self) -> bool:
        """Whether chance does not explain the difference."""
        return self._surprising or bool(self._apart)

    @property
    def _surprising(self) -> bool:
        return abs(self.likelihood_z) > self.limit and abs(self.likelihood) > LEAST

    @property
    def _apart(self) -> list[int]:
        """The labels that are commoner or rarer, the surest first."""
        told = [at for at, z in enumerate(self.shares_z) if abs(z) > self.limit and abs(self.shares[at]) > LEAST]
        return sorted(told, key=lambda at: -abs(self.shares_z[at]))

    def in_words(self, labels: Sequence[str]) -> str:
        """What differs, and what to do.

        >>> print(Drift(90, -0.3, -4.2, (0.0, 0.0), (0.1, -0.1), 3.0).in_words(["yes", "no"]))
        the labels of these 90 items are not those that the calibration expects: an item's labels are less likely by \
0.30 nats (z = -4.2). The annotators differ, or the items: learn a calibration on such ones
        """
        told = [
            f"{labels[at]} is {'commoner' if self.shares[at] > 0 else 'rarer'} by {abs(self.shares[at]):.1%} of the "
            f"labels (z = {self.shares_z[at]:.1f})"
            for at in self._apart
        ]
        if self._surprising:
            how = "less likely" if self.likelihood < 0 else "likelier"
            told.append(f"an item's labels are {how} by {abs(self.likelihood):.2f} nats (z = {self.likelihood_z:.1f})")
        return (
            f"the labels of these {self.items:,} items are not those that the calibration expects: {'; '.join(told)}. "
            "The annotators differ, or the items: learn a calibration on such ones"
        )


@dataclass(frozen=True, slots=True)
class LearntElsewhere:
    """That a calibration is of other items: whence, which ``prior`` it has, and the ``drift`` (None without labels)."""

    provenance: Provenance | None
    prior: str
    drift: Drift | None
