"""Reading the trail in the tests of this folder."""

from audit.entries import Place
from audit.trail import Trail


def everything(trail: Trail, size: int) -> list[Place]:
    """The places of all entries, read in pages of this size."""
    places: list[Place] = []
    while page := trail.page(size, after=places[-1] if places else None):
        places += [entry.place for entry in page]
    return places
