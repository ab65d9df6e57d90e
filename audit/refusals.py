"""Who was refused what. Written after the transaction that the refusal undid, and never a flood.

Whoever catches a refusal at the edge of a request or a task records it: `audit.middleware`, and
`audit.apps` for what Celery runs.
"""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError
from django.utils import timezone

from audit.models import Event, Kind
from audit.services import event_record
from fisioflow.actor import Actor, current_actor
from fisioflow.errors import FisioFlowError
from fisioflow.limits import count_within
from tenants.context import current_scope

PER_MINUTE = 30  # of one person, or of one address that is nobody's: the rest of a flood is alike
_WINDOW = 60  # seconds
_log = structlog.get_logger("audit.refusals")


def refusal_record(
    *,
    kind: Kind = Kind.ACCESS_REFUSED,
    table_name: str = "",
    record_id: UUID | str = "",
    details: Mapping[str, Any],
) -> None:
    """Record a refusal, unless the minute has had its share of the same person's or address'.

    To be called outside the transaction that the refusal rolls back. It stays a refusal when the
    server can't be reached: then the log has it alone.
    """
    try:
        if not _is_flood(current_actor()):
            event_record(kind=kind, table_name=table_name, record_id=record_id, details=details)
    except (FisioFlowError, DatabaseError) as error:
        _log.warning("refusal not recorded", kind=kind.value, error=type(error).__name__)


def _is_flood(actor: Actor) -> bool:
    scope = current_scope()
    whose = actor.user_id or _network(actor.ip_address)
    counted = count_within(f"refusals:{scope.key if scope else '-'}:{whose}", _WINDOW)
    if counted:
        return counted > PER_MINUTE
    # Without Redis the events themselves are counted.
    alike = Event.objects.filter(
        kind__in=[Kind.ACCESS_REFUSED, Kind.SIGN_IN_FAILED],
        occurred_at__gt=timezone.now() - timedelta(seconds=_WINDOW),
        user_id=actor.user_id or None,
        ip_address=actor.ip_address or None,
    )
    return alike[:PER_MINUTE].count() >= PER_MINUTE


def _network(address: str) -> str:
    """The address; of IPv6 its /64, in which one machine may take any."""
    return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address
