"""What a clinic's agenda needs: rooms, working hours, a closure, and one series."""

from collections.abc import Sequence
from datetime import date, time, timedelta

from accounts.models import User
from patients.models import Patient
from scheduling.services import closure_create, hours_create, room_create, series_book

_WORKDAYS = range(5)
_EVENING = time(18)  # after the hours of `demo.agenda`, which is booked later


def fill(therapists: Sequence[User], patients: Sequence[Patient], today: date) -> None:
    """Create four rooms, weekly hours for all, a closure, and a group's series of ten evenings."""
    for number in range(1, 4):
        room_create(acting_user=None, name=f"Sala {number}")
    pilates = room_create(acting_user=None, name="Pilates", capacity=4)

    for therapist in therapists:
        for weekday in _WORKDAYS:
            for start, end in ((time(8), time(12)), (time(13), time(19))):
                hours_create(
                    acting_user=None, therapist=therapist, weekday=weekday, start=start, end=end
                )

    christmas = date(today.year, 12, 24)
    closure_create(
        acting_user=None, first_day=christmas, last_day=date(today.year, 12, 31), reason="Recesso"
    )

    series_book(
        acting_user=None,
        patient=patients[0],
        therapist=therapists[0],
        room=pilates,
        group=True,
        first_day=today + timedelta(days=1),
        weekdays=[1, 3],
        start=_EVENING,
        length=50,
        count=10,
    )
