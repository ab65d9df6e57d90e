"""Counts in windows of time, kept in the cache."""

from django.core.cache import cache


def count_within(key: str, seconds: int) -> int:
    """Count one more under `key`; returns how many there are in the window of `seconds`.

    The first one opens the window. 0: nothing could be counted, because Redis is away.
    """
    cache.add(key, 0, seconds)
    try:
        counted: int | None = cache.incr(key)
    except ValueError:  # expired between the two calls, or Redis is away
        return 0
    return counted or 0
