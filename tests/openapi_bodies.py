"""Steers the random requests of `test_openapi.py` to records that exist, and into the rules."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from schemathesis import Case, GenerationMode

from patients.validators import cpf_check_digit

NUMBERS = count(100_000)  # each body gets another time and another CPF
Request = Case[Any]


def steer(case: Request, ids: dict[str, str]) -> None:
    """Point most ids at these records, and bring well-formed bodies within the rules."""
    right = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    plural = case.path.removeprefix("/api/v1/").partition("/")[0]
    of_path = ids.get(plural.removesuffix("s"))
    point(case.path_parameters, {"id": of_path} if of_path else {}, always=False)

    of_slots = case.path.endswith("/slots")
    point(case.query, ids, always=right and of_slots)

    if right:
        if of_slots:
            case.query["from"] = case.query["to"] = a_day()
        case.query.pop("cursor", None)  # a made-up one belongs to no answer
        if case.path.endswith("/adherence"):
            case.query |= {"from": "2026-03-01", "to": "2026-03-31"}
        for name in case.query.keys() & {"created_after", "created_before", "from", "to"}:
            case.query[name] = case.query[name].replace("0001-", "2001-")  # no zone reaches year 0

    for body in objects_in(case.body):
        point(body, ids, always=right)
        if right:
            within_rules(body)


def objects_in(body: Any) -> Iterator[dict[str, Any]]:
    """The objects of a body: itself, those of a batch, and those that it lists."""
    if isinstance(body, dict):
        yield body
        for member in body.values():
            yield from objects_in(member) if isinstance(member, list) else ()
    elif isinstance(body, list):
        for member in body:
            yield from objects_in(member)


def point(members: dict[str, Any], ids: dict[str, str], *, always: bool) -> None:
    """Replace the UUIDs of these members; four in five, unless `always`."""
    for name in members.keys() & ids.keys():
        try:
            number = UUID(members[name]).int
        except (ValueError, TypeError, AttributeError):
            continue
        if always or number % 5 != 3:
            members[name] = ids[name]


def within_rules(body: dict[str, Any]) -> None:
    """Keep the rules that a schema can't state: between members, and about counting."""
    number = next(NUMBERS)

    if "start_time" in body or "end_time" in body:
        start = datetime(2026, 3, 3, tzinfo=UTC) + timedelta(hours=number % 10_000)
        body["start_time"] = start.isoformat()
        body["end_time"] = (start + timedelta(hours=1)).isoformat()

    if "cpf" in body:
        digits = [int(digit) for digit in f"{number:09d}"]
        for _ in range(2):
            digits.append(cpf_check_digit(digits))
        body["cpf"] = "".join(map(str, digits))

    if "birth_date" in body:
        body["birth_date"] = str(date(1900, 1, 1) + timedelta(days=number % 40_000))
    if "name" in body and len(body["name"].strip()) < 2:
        body["name"] = "Ana"

    at_home_within_rules(body)
    within_the_agendas_rules(body)
    body.pop("record_id", None)  # must be a record of the printed patient
    body.pop("user", None)  # must be a sign-in that no other patient has

    # Only the patient uses the channel `app`; consents aren't given in the future.
    record = {"channel": "paper", "given_at": "2026-03-02T12:00:00Z", "file": b"%PDF-1.7"}
    body.update({name: value for name, value in record.items() if name in body})


def at_home_within_rules(body: dict[str, Any]) -> None:
    """The same for exercises, prescriptions and logs."""
    if not body.get("instructions", "Suba.").strip():
        body["instructions"] = "Suba."
    right = {"media_url": "https://videos.example/ponte", "done_at": "2026-03-03T09:00:00-03:00"}
    right |= {"start_date": "2026-01-01", "end_date": "2099-01-01"}
    body |= {name: value for name, value in right.items() if name in body}


def within_the_agendas_rules(body: dict[str, Any]) -> None:
    """A room is one of the clinic's, a group has one; hours and days are in order."""
    body |= {name: value for name, value in {"room": None, "group": False}.items() if name in body}

    day = a_day()
    of_days = {"day", "first_day", "last_day", "valid_from", "valid_until"}
    body |= {name: day for name in of_days & body.keys() if body[name] is not None}

    if "weekdays" in body:
        body.pop("until", None)
        body["count"] = 3
    elif "start" in body or "end" in body:
        body |= {"start": "09:00", "end": "17:00"}


def a_day() -> str:
    """A day of the agenda's century, another one each time."""
    return str(date(2001, 1, 1) + timedelta(days=next(NUMBERS) % 30_000))
