"""Copying FisioFlow's own exercises into a clinic."""

from django.db.models.functions import Lower

from accounts.models import User
from core.records import check, insert_all
from exercises.access import refuse_library
from exercises.library import library_exercises
from exercises.models import Exercise

_LINKS = {"progression", "regression"}


def library_load(*, acting_user: User | None, language: str = "pt_BR") -> int:
    """Copy FisioFlow's own exercises into the clinic; returns how many were added.

    The copies belong to the clinic: what it renamed, changed or deleted stays as it is, and an
    exercise whose name it already uses is left out. Always runs two queries.
    Raises LibraryNotPermitted.
    """
    refuse_library(acting_user)
    known = list(Exercise.objects.annotate(key=Lower("name")).values("library_code", "key"))
    codes = {row["library_code"] for row in known}
    names = {row["key"] for row in known}
    new = {
        entry.code: (entry, Exercise(**entry.fields, library_code=entry.code))
        for entry in library_exercises(language)
        if entry.code not in codes and entry.fields["name"].lower() not in names
    }

    for entry, exercise in new.values():
        exercise.progression_id = new[entry.progression][1].pk if entry.progression in new else None
        exercise.regression_id = new[entry.regression][1].pk if entry.regression in new else None
        # The links point to rows that the same statement inserts.
        check(exercise, exclude=_LINKS)

    return len(insert_all([exercise for _entry, exercise in new.values()]))
