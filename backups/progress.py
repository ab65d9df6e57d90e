"""Work reports its progress to a function that a command or a test passes in."""

from collections.abc import Callable

BytesProgress = Callable[[str, int], None]  # what is under way, bytes so far
StepsProgress = Callable[[str, int, int], None]  # what is under way, steps done, steps in all


def silent(what: str, done: int, total: int = 0) -> None:
    """Progress that nobody watches."""
