"""Entries of the trail: events, and versions with their changes since the version before."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from audit.capture.histories import histories
from audit.capture.history import DIGEST
from audit.capture.whose_chart import chart_of, chart_path
from audit.events.models import Event

EVENTS = Event._meta.db_table
_PLACE = re.compile(r"([^:]*):(-?[0-9]{1,19})")
_NUMBERS = range(-(2**63), 2**63)  # of a bigint
HIDDEN = "[hidden]"  # shown instead of a secret's digest and of a draft's texts


class Change(models.TextChoices):
    """What a version did to its object."""

    INSERT = "insert", _("Created")
    UPDATE = "update", _("Changed")
    DELETE = "delete", _("Deleted")


KIND_OF_TYPE = {"+": Change.INSERT, "~": Change.UPDATE, "-": Change.DELETE}


class Place(NamedTuple):
    """Where an entry is: its tracked table (or the events' table) and the row's number in it."""

    table: str
    number: int

    def __str__(self) -> str:
        return f"{self.table}:{self.number}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The place that `str` wrote. Raises ValueError."""
        written = _PLACE.fullmatch(text)
        if written is None or int(written[2]) not in _NUMBERS:
            raise ValueError(text)
        return cls(written[1], int(written[2]))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail; its values by column."""

    place: Place
    kind: str
    action: str | None  # INSERT, UPDATE, DELETE; None for an event
    record_id: str
    timestamp: datetime
    user_id: UUID | None
    actor_label: str
    reason: str
    ip_address: str | None
    user_agent: str
    request_id: str
    table: str = ""
    old_values: dict[str, Any] | None = None
    new_values: dict[str, Any] | None = None
    changed_fields: tuple[str, ...] = ()
    details: dict[str, Any] | None = None
    patient_id: UUID | None = None  # whose chart it belongs to


def charts_in(entries: Iterable[Entry]) -> set[UUID]:
    """The ids of the patients whose charts the entries show; events show nothing of a chart."""
    return {entry.patient_id for entry in entries if entry.action and entry.patient_id}


def entries_at(places: Iterable[Place]) -> list[Entry]:
    """The entries at these places, in this order; places without a row are left out."""
    places = list(places)

    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for place in places:
        numbers[place.table].append(place.number)

    found: dict[Place, Entry] = {}
    for table, wanted in numbers.items():
        if table == EVENTS:
            found |= {e.place: e for e in map(_of_event, Event.objects.filter(pk__in=wanted))}
        elif table in histories():
            found |= {e.place: e for e in _of_versions(table, wanted)}

    return [found[place] for place in places if place in found]


def _of_versions(table: str, numbers: list[int]) -> Iterable[Entry]:
    history = histories()[table]
    key = history.instance_type._meta.pk.attname

    earlier = (
        history.objects.filter(**{key: OuterRef(key)}, history_id__lt=OuterRef("history_id"))
        .order_by("-history_id")
        .values("history_id")[:1]
    )

    found = history.objects.filter(pk__in=numbers).annotate(earlier=Subquery(earlier))
    between = (chart_path(history) or "").rpartition("__")[
        0
    ]  # what lies between a version and its patient
    rows = list(found.select_related(between) if between else found)
    changed = [row.earlier for row in rows if row.history_type == "~"]
    before = history.objects.in_bulk(changed) if changed else {}

    for row in rows:
        yield _of_version(table, row, before.get(row.earlier))


def _of_version(table: str, row: Any, before: Any) -> Entry:
    kind = KIND_OF_TYPE[row.history_type]
    old = row if kind is Change.DELETE else before
    new = None if kind is Change.DELETE else row

    names = [f.attname for f in row.tracked_fields]
    changed = [n for n in names if old and new and getattr(old, n) != getattr(new, n)]

    return Entry(
        place=Place(table, row.history_id),
        kind=kind.value,
        action=kind.name,
        table=table,
        record_id=str(row.serializable_value(row.instance_type._meta.pk.attname)),
        timestamp=row.history_date,
        user_id=row.history_user_id,
        actor_label=row.actor_label,
        reason=row.history_change_reason,
        ip_address=row.ip_address,
        user_agent=row.user_agent,
        request_id=row.request_id,
        old_values=old and _values(old),
        new_values=new and _values(new),
        changed_fields=tuple(changed),
        patient_id=chart_of(row),
    )


def _values(row: Any) -> dict[str, Any]:
    draft = row.draft_until and getattr(row, row.draft_until) is None

    values = {}
    for field in (row._meta.get_field(tracked.name) for tracked in row.tracked_fields):
        secret = field.db_comment == DIGEST or (draft and isinstance(field, models.TextField))
        values[field.attname] = HIDDEN if secret else getattr(row, field.attname)

    return values


def _of_event(event: Event) -> Entry:
    return Entry(
        place=Place(EVENTS, event.pk),
        kind=event.kind,
        action=None,
        table=event.table_name,
        record_id=event.record_id,
        timestamp=event.occurred_at,
        user_id=event.user_id,
        actor_label=event.actor_label,
        reason=event.reason,
        ip_address=event.ip_address,
        user_agent=event.user_agent,
        request_id=event.request_id,
        details=event.details,
        patient_id=event.patient_id,
    )
