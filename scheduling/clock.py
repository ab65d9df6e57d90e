"""From the clinic's clock to moments, also on the days on which that clock is changed."""

from datetime import UTC, date, datetime, time, tzinfo


def moment_of(day: date, clock: time, zone: tzinfo) -> datetime:
    """The moment when the clock shows this; of two, the first.

    A time that the clock leaps over is read with the offset before the leap (PEP 495): 02:30 is
    then 03:30.
    """
    local = datetime.combine(day, clock.replace(fold=0), tzinfo=zone)
    return local.astimezone(UTC).astimezone(zone)


def period_of(day: date, start: time, end: time, zone: tzinfo) -> tuple[datetime, datetime]:
    """The moments (UTC) between two times of a day: the latest start and the earliest end.

    So the clock shows a time within for the whole of it, whatever becomes of the clock that day. It
    is empty (the end not after the start) when the change leaves nothing that is certain.
    """
    return max(_readings(day, start, zone)), min(_readings(day, end, zone))


def _readings(day: date, clock: time, zone: tzinfo) -> list[datetime]:
    return [
        datetime.combine(day, clock.replace(fold=fold), tzinfo=zone).astimezone(UTC)
        for fold in (0, 1)
    ]
