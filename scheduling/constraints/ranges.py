"""SQL for exclusion constraints that needs no extension in the clinic's schema."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.expressions import Combinable

# Django has no field for uuid_range and inet; each is only compared with its own type.
_UNTYPED = models.TextField()


def same_key(name: str) -> Func:
    """The field as a range of one key, so that `&&` means equality.

    Null would equal everything (a range without ends): the condition must exclude it.
    """
    return Func(F(name), F(name), Value("[]"), function="uuid_range", output_field=_UNTYPED)


def same_number(name: str) -> Func:
    """The same as `same_key`, for an integer."""
    return Func(F(name), F(name), Value("[]"), function="int4range", output_field=_UNTYPED)


def between_moments(start: str, end: str) -> Func:
    """From a moment up to but not including another."""
    return Func(
        F(start), F(end), Value("[)"), function="tstzrange", output_field=DateTimeRangeField()
    )


def between_clocks(start: str, end: str) -> Func:
    """From a time of day up to but not including another; null means the day's beginning or end.

    PostgreSQL has no range of times, so this is a range of timestamps on an arbitrary day.
    """
    moments = (
        Func(F(field), template=f"(DATE '2000-01-01' + COALESCE(%(expressions)s, TIME '{edge}'))")
        for field, edge in ((start, "00:00"), (end, "24:00"))
    )

    return Func(*moments, Value("[)"), function="tsrange", output_field=_UNTYPED)


def between_days(first: str, last: str) -> Func:
    """From one day to another, both included; null means no limit."""
    return Func(F(first), F(last), Value("[]"), function="daterange", output_field=_UNTYPED)


def key_as_address(key: Combinable) -> Func:
    """A UUID written as an IPv6 address: the only 128-bit type that PostgreSQL's built-in GiST
    classes can compare with `<>`.
    """
    digits = Func(key, template="replace(CAST(%(expressions)s AS text), '-', '')")
    groups = Func(
        digits, Value("(....)(?=.)"), Value(r"\1:"), Value("g"), function="regexp_replace"
    )
    return Func(groups, template="CAST(%(expressions)s AS inet)", output_field=_UNTYPED)


def exclusion(
    name: str, *same: models.Expression, condition: Q | None = None
) -> ExclusionConstraint:
    """Refuse two rows that overlap in all of these ranges at once."""
    return ExclusionConstraint(
        name=name,
        expressions=[(one, RangeOperators.OVERLAPS) for one in same],
        condition=condition,
    )
