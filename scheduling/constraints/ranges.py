"""SQL that exclusion constraints compare by, without an extension in the clinic's schema."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.expressions import Combinable

# uuid_range and inet have no field of their own; they are compared with themselves alone.
_UNTYPED = models.TextField()


def same_key(name: str) -> Func:
    """The field, as a range of one key: `&&` is then equality.

    Null would be equal to everything (a range without ends): the condition must leave it out.
    """
    return Func(F(name), F(name), Value("[]"), function="uuid_range", output_field=_UNTYPED)


def same_number(name: str) -> Func:
    """The same for a small number."""
    return Func(F(name), F(name), Value("[]"), function="int4range", output_field=_UNTYPED)


def between_moments(start: str, end: str) -> Func:
    """From a moment until just before another."""
    return Func(
        F(start), F(end), Value("[)"), function="tstzrange", output_field=DateTimeRangeField()
    )


def between_clocks(start: str, end: str) -> Func:
    """From a time of day until just before another; null at either side is the day's beginning or
    end. PostgreSQL has no range of times, so it is one of timestamps on a day that means nothing.
    """
    moments = (
        Func(F(field), template=f"(DATE '2000-01-01' + COALESCE(%(expressions)s, TIME '{edge}'))")
        for field, edge in ((start, "00:00"), (end, "24:00"))
    )
    return Func(*moments, Value("[)"), function="tsrange", output_field=_UNTYPED)


def between_days(first: str, last: str) -> Func:
    """From a day to another, both within; null is without end."""
    return Func(F(first), F(last), Value("[]"), function="daterange", output_field=_UNTYPED)


def key_as_address(key: Combinable) -> Func:
    """A UUID written as an IPv6 address: of what PostgreSQL's own GiST can tell apart by `<>`,
    an address is the one type with room for 128 bits.
    """
    digits = Func(key, template="replace(CAST(%(expressions)s AS text), '-', '')")
    groups = Func(
        digits, Value("(....)(?=.)"), Value(r"\1:"), Value("g"), function="regexp_replace"
    )
    return Func(groups, template="CAST(%(expressions)s AS inet)", output_field=_UNTYPED)


def exclusion(
    name: str, *same: models.Expression, condition: Q | None = None
) -> ExclusionConstraint:
    """No two rows overlap in all of these ranges at once."""
    return ExclusionConstraint(
        name=name,
        expressions=[(one, RangeOperators.OVERLAPS) for one in same],
        condition=condition,
    )
