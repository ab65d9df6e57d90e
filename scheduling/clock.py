"""Turns times on the clinic's clock into moments, even on days when the clock changes."""

from datetime import UTC, date, datetime, time, tzinfo


def moment_of(day: date, clock: time, zone: tzinfo) -> datetime:
    """The moment at which the clock shows this time; the first one when the hour repeats.

    A time that the clock skips is read with the offset before the change (PEP 495): 02:30 becomes
    03:30.
    """
    local = datetime.combine(day, clock.replace(fold=0), tzinfo=zone)
    return local.astimezone(UTC).astimezone(zone)


def period_of(day: date, start: time, end: time, zone: tzinfo) -> tuple[datetime, datetime]:
    """The period (UTC) between two times of a day: its latest start and its earliest end.

    The clock then shows a time between the two throughout the period, even if it changes that day.
    The period is empty (its end not after its start) when the change leaves no such time.
    """
    return max(_readings(day, start, zone)), min(_readings(day, end, zone))


def _readings(day: date, clock: time, zone: tzinfo) -> list[datetime]:
    return [
        datetime.combine(day, clock.replace(fold=fold), tzinfo=zone).astimezone(UTC)
        for fold in (0, 1)
    ]
