"""Who was refused what: recorded after the refusal's rollback, and thinned out in a flood.

`audit.events.middleware` records the refusals of requests, `audit.apps` those of tasks.
"""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError
from django.utils import timezone

from audit.events.models import Event, EventKind
from audit.events.services import event_record
from core.actor import Actor, current_actor
from core.errors import FisioFlowError
from core.limits import count_within
from tenants.context import current_scope

PER_MINUTE = 30  # similar ones, by one person or from an address with no signed-in user
_WINDOW = 60  # seconds
_ALIKE = ("code", "method", "route", "task")  # of the details
_log = structlog.get_logger("audit.events")


def refusal_record(
    *,
    kind: EventKind = EventKind.ACCESS_REFUSED,
    table_name: str = "",
    record_id: UUID | str = "",
    details: Mapping[str, Any],
) -> None:
    """Record a refusal; in a flood, record a few that say how many there were.

    Refusals are counted by route, and by person (or by address when nobody is signed in). The first
    PER_MINUTE of a minute are recorded, and then one each time that their number doubles.

    Call it outside the transaction that the refusal rolls back. When the database can't be reached,
    the refusal is only in the log, and the answer is still a refusal.
    """
    try:
        counted = _counted(current_actor(), kind, details)
        if counted > PER_MINUTE:
            if not _doubles(counted):
                return
            details = {**details, "count": counted}

        event_record(kind=kind, table_name=table_name, record_id=record_id, details=details)
    except (FisioFlowError, DatabaseError) as error:
        _log.warning("refusal not recorded", kind=kind.value, error=type(error).__name__)


def _counted(actor: Actor, kind: EventKind, details: Mapping[str, Any]) -> int:
    """How many similar refusals there were within a minute, including this one."""
    scope = current_scope()

    alike = {name: details[name] for name in _ALIKE if name in details} if actor.user_id else {}
    whose = actor.user_id or _network(actor.ip_address)
    like = ":".join(map(str, alike.values()))

    key = f"refusals:{scope.key if scope else '-'}:{whose}:{kind}:{like}"
    if counted := count_within(key, _WINDOW):
        return counted

    # Without Redis, count the events themselves.
    recorded = Event.objects.filter(
        kind=kind,
        occurred_at__gt=timezone.now() - timedelta(seconds=_WINDOW),
        user_id=actor.user_id or None,
        ip_address=actor.ip_address or None,
        **{f"details__{name}": value for name, value in alike.items()},
    )

    return recorded[:PER_MINUTE].count() + 1


def _doubles(counted: int) -> bool:
    times, rest = divmod(counted, PER_MINUTE)
    return not rest and not times & (times - 1)


def _network(address: str) -> str:
    """The address; for IPv6 its /64, since one machine may use any address in it."""
    return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address
