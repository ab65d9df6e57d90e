"""Counters for windows of time, kept in the cache."""

from django.core.cache import cache


def count_within(key: str, seconds: int) -> int:
    """Count one more under `key`; returns the count in the window of `seconds`.

    The first one opens the window. Returns 0 if Redis is down, when nothing can be counted.
    """
    cache.add(key, 0, seconds)
    try:
        counted: int | None = cache.incr(key)
    except ValueError:  # expired between the two calls, or Redis is down
        return 0
    return counted or 0
