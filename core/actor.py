"""Who acts, from where and why: one context variable that travels with every statement.

`tenants.postgresql` sends it to the server beside the search path; the audit trail reads it there.
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True, slots=True)
class Actor:
    """A user (id, and their label at the time) or a named job, with the request that it came in.

    `reason` says why they act at all; histories and events keep it. `change_reason` is what a
    person said about a change. It may speak of a patient, so only the histories keep it, beside the
    content.
    """

    user_id: str = ""
    label: str = ""
    request_id: str = ""
    ip_address: str = ""
    user_agent: str = ""
    reason: str = ""
    change_reason: str = ""

    def as_setting(self) -> str:
        """The value of the session setting `fisioflow.actor`: JSON without empty fields."""
        return json.dumps({k: v for k, v in asdict(self).items() if v}, separators=(",", ":"))


_SUPPORT = "support: "
_actor: ContextVar[Actor | None] = ContextVar("fisioflow_actor", default=None)


def current_actor() -> Actor:
    """The actor of the current context; an empty Actor if nobody was named."""
    return _actor.get() or Actor()


@contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """Act as `actor` inside the block; afterwards the previous actor acts again."""
    token = _actor.set(actor)
    try:
        yield actor
    finally:
        _actor.reset(token)


def acting_as_job(
    name: str, *, reason: str = "", request_id: str = ""
) -> AbstractContextManager[Actor]:
    """Act as the named job (a command, a task), e.g. `job:create_clinic`.

    `request_id`: the request that started it, if one did.
    """
    return acting(Actor(label=f"job:{name}", reason=reason, request_id=request_id))


def identify(user_id: str, label: str, *, reason: str = "") -> None:
    """Name the user of the current request, after authentication and inside `acting`."""
    _actor.set(replace(current_actor(), user_id=user_id, label=label, reason=reason))


def support_label(operator: str, person: str) -> str:
    """The label of a member of the platform's staff who acts as a clinic's person."""
    return f"{_SUPPORT}{operator} as {person}"


def is_support(label: str) -> bool:
    """Whether `support_label` made the label."""
    return label.startswith(_SUPPORT)
