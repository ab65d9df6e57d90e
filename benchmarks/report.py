"""A figure, its bar, and whether it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value, which must not exceed `bar`; without a bar, a value to compare with."""

    name: str
    value: float
    unit: str
    bar: float | None = None

    @property
    def reached(self) -> bool:
        """Whether the bar, if there is one, holds."""
        return self.bar is None or self.value <= self.bar

    def line(self) -> str:
        """One row of the report."""
        bar = "" if self.bar is None else f"bar {self.bar:g} {'ok' if self.reached else 'MISSED'}"
        return f"{self.name:<64} {self.value:>10.3f} {self.unit:<6} {bar}".rstrip()


def middle(seconds: Sequence[float]) -> float:
    """The median: one slow run of a shared machine says nothing."""
    return float(median(seconds))
