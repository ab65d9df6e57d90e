"""The trail as one feed, newest first: every version of every object, and the events.

A page takes two steps. One statement finds the places of its entries, by a UNION ALL of short index
scans, a few for each table; then the rows at those places are read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from django.db.models import F, Q, SmallIntegerField, Value

from audit.capture.histories import histories
from audit.events.models import Event
from audit.trail.chart import of_patient
from audit.trail.entries import EVENTS, KIND_OF_TYPE, Entry, Place, entries_at

TYPE_OF_KIND = {str(kind): sign for sign, kind in KIND_OF_TYPE.items()}


class _Position(NamedTuple):
    """Where an entry stands in the feed."""

    at: datetime
    rank: int  # of its table: breaks ties of time
    number: int


@dataclass(frozen=True, slots=True)
class Trail:
    """The clinic's trail, or the part of it that these filters leave.

    `since` is included, `until` isn't. `kind` is insert, update, delete or a kind of event; `table`
    is a tracked table, and includes the events that name it.
    """

    record: UUID | None = None
    patient: UUID | None = None
    user: UUID | None = None
    request: str | None = None
    kind: str | None = None
    table: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    FILTERS: ClassVar = (
        *("record", "patient", "user", "request"),
        *("kind", "table", "since", "until"),
    )

    def page(self, limit: int, *, after: Place | None = None) -> list[Entry]:
        """The entries that follow `after`, newest first.

        Raises LookupError when there is no entry at `after`.
        """
        tables = [*histories(), EVENTS]
        position = _position_of(after, tables) if after else None

        branches = [b.order_by("-at", "-number")[:limit] for b in self._branches(position)]
        if not branches:
            return []

        rows = branches[0]
        if others := branches[1:]:  # a single one is sorted and cut already
            rows = rows.union(*others, all=True).order_by("-at", "-rank", "-number")[:limit]

        return entries_at([Place(tables[rank], number) for _, rank, number in rows])

    def count(self) -> int:
        """How many entries there are."""
        return sum(branch.count() for branch in self._branches(None))

    def given(self) -> list[str]:
        """The names of the filters that are set."""
        return [name for name in self.FILTERS if getattr(self, name) is not None]

    def _branches(self, after: _Position | None) -> Iterator[Any]:
        """A query for each index scan; gives places as (at, rank, number)."""
        of_history = self.kind is None or self.kind in TYPE_OF_KIND
        of_events = self.kind is None or not of_history

        for rank, (table, history) in enumerate(histories().items()):
            if of_history and self.table in (None, table):
                for rows in self._versions(history):
                    yield _places(rows, rank, "history_date", "history_id", after)

        if of_events:
            yield _places(self._events(), len(histories()), "occurred_at", "id", after)

    def _versions(self, history: Any) -> Iterator[Any]:
        wanted = {
            "id": self.record,
            "history_user_id": self.user,
            "request_id": self.request,
            "history_type": self.kind and TYPE_OF_KIND[self.kind],
        }

        chart = Q() if self.patient is None else of_patient(history, self.patient)
        if chart is None:
            return

        rows = history.objects.filter(chart, **_given(wanted), **self._between("history_date"))
        if any((self.record, self.patient, self.user, self.request, self.kind)):
            yield rows
        else:  # the index by time begins with the type
            yield from (rows.filter(history_type=sign) for sign in KIND_OF_TYPE)

    def _events(self) -> Any:
        wanted = {
            "kind": self.kind,
            "patient_id": self.patient,
            "record_id": self.record and str(self.record),
            "user_id": self.user,
            "request_id": self.request,
            "table_name": self.table,
        }

        return Event.objects.filter(**_given(wanted), **self._between("occurred_at"))

    def _between(self, field: str) -> dict[str, Any]:
        return _given({f"{field}__gte": self.since, f"{field}__lt": self.until})


def _given(wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value is not None}


def _places(rows: Any, rank: int, at: str, number: str, after: _Position | None) -> Any:
    if after is not None:
        # At the same moment, tables of a higher rank came before. `lte` uses the index.
        rows = rows.filter(**{f"{at}__lte" if rank <= after.rank else f"{at}__lt": after.at})
        if rank == after.rank:
            rows = rows.filter(Q((f"{at}__lt", after.at)) | Q((f"{number}__lt", after.number)))

    as_rank = Value(rank, output_field=SmallIntegerField())
    places = rows.order_by().annotate(at=F(at), rank=as_rank, number=F(number))
    return places.values_list("at", "rank", "number")


def _position_of(place: Place, tables: list[str]) -> _Position:
    if place.table not in tables:
        raise LookupError(place)

    if place.table == EVENTS:
        at = Event.objects.filter(pk=place.number).values_list("occurred_at", flat=True).first()
    else:
        rows = histories()[place.table].objects.filter(pk=place.number)
        at = rows.values_list("history_date", flat=True).first()

    if at is None:
        raise LookupError(place)
    return _Position(at, tables.index(place.table), place.number)
