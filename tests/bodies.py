"""Who asks in the endpoint table's tests, and with which bodies."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from accounts.models import User
from core.ids import uuid7
from tenants.context import ClinicRoute
from tests.conftest import PASSWORD
from tests.people import Everybody

NAMES = {"reception": "receptionist", "outsider": "owner", "elsewhere": "owner"}
DONE: dict[str, Any] = {
    "done_at": datetime(2026, 3, 3, 12, tzinfo=UTC),
    "sets": 3,
    "repetitions": 10,
    "pain": 2,
    "effort": 4,
}


@dataclass
class Place:
    """Both clinics with their people, and the ids of norte's records that are asked for."""

    norte: ClinicRoute
    sul: ClinicRoute
    people: Everybody
    ids: dict[str, str]

    def person(self, asker: str) -> User | None:
        """The user of a clinic behind an asker's name."""
        if asker in {"nobody", "staff"}:
            return None
        clinic = self.people.sul if asker in {"outsider", "elsewhere"} else self.people.norte
        user: User = getattr(clinic, NAMES.get(asker, asker))
        return user

    def clinic_of(self, asker: str) -> ClinicRoute:
        """Where the asker has an account."""
        return self.sul if asker in {"outsider", "elsewhere"} else self.norte

    def host_of(self, asker: str) -> str:
        """Where the asker asks."""
        return "sul.localhost" if asker == "elsewhere" else "norte.localhost"


def nothing(place: Place, asker: str, refresh: str) -> None:
    return None


def _sign_in(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    user = place.people.norte.owner if asker == "elsewhere" else place.person(asker)
    return {"email": user.email if user else "nobody@norte.example", "password": PASSWORD}


def _refresh(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"refresh": refresh}


def _patient(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {
        "name": "Ana Conceição",
        "phone": "+5511988887777",
        "cpf": "11144477735",
        "birth_date": "1992-02-29",
        "therapist": str(place.people.norte.therapist.pk),
    }


def _patient_change(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"medical_history": "Melhor."} if asker == "therapist" else {"phone": "+5511900000000"}


def _appointment(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {
        "patient": place.ids["patients"],
        "therapist": str(place.people.norte.therapist.pk),
        "start_time": "2026-03-03T09:00:00-03:00",
        "end_time": "2026-03-03T10:00:00-03:00",
    }


def _appointment_change(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"status": "cancelled"}


def _exercise(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {
        "name": "Ponte com uma perna",
        "body_region": "hip",
        "goal": "strength",
        "instructions": "Eleve a bacia.",
        "regression": place.ids["exercises"],
    }


def _exercise_change(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"default_sets": 4}


def _prescription(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    items = [{"exercise": place.ids["exercises"]}]
    return {"patient": place.ids["patients"], "start_date": "2026-03-02", "items": items}


def _prescription_change(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"status": "suspended"}


def _version(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"notes": "Fase dois."}


def _log(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    done_at = DONE["done_at"].isoformat()
    return DONE | {"id": str(uuid7()), "item": place.ids["items"], "done_at": done_at}


def _logs(place: Place, asker: str, refresh: str) -> list[Any]:
    return [_log(place, asker, refresh)]


def _print(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"table": "patients_patient"}


def _room(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"name": "Pilates", "capacity": 4}


def _hours(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    therapist = str(place.people.norte.therapist.pk)
    return {"therapist": therapist, "weekday": 4, "start": "08:00", "end": "12:00"}


def _exception(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"therapist": str(place.people.norte.therapist.pk), "day": "2026-05-08"}


def _until_noon(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"end": "12:00"}


def _closure(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"first_day": "2026-12-24", "last_day": "2026-12-31", "reason": "Recesso"}


def _closure_change(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"reason": "Reforma"}


def _slots(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    therapist = str(place.people.norte.therapist.pk)
    return {"therapist": therapist, "from": "2026-03-02", "to": "2026-03-08", "length": 60}


def _series(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {
        "patient": place.ids["patients"],
        "therapist": str(place.people.norte.therapist.pk),
        "first_day": "2026-03-03",
        "weekdays": [1, 3],
        "start": "15:00",
        "length": 50,
        "count": 4,
    }


def _series_change(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"scope": "all", "cancel": True}


# Valid for whoever may send it (GET: as the query), so that nobody is refused for the body.
BODIES: dict[str, Callable[[Place, str, str], Any]] = {
    "POST auth/token": _sign_in,
    "POST auth/refresh": _refresh,
    "POST auth/revoke": _refresh,
    "POST patients": _patient,
    "PATCH patients/<id>": _patient_change,
    "POST patients/<id>/prints": _print,
    "POST patients/validate": lambda *asked: [_patient(*asked)],
    "POST patients/batch": lambda *asked: [_patient(*asked)],
    "POST appointments/validate": lambda *asked: [_appointment(*asked)],
    "POST appointments": _appointment,
    "POST exercises": _exercise,
    "PATCH exercises/<id>": _exercise_change,
    "POST prescriptions": _prescription,
    "PATCH prescriptions/<id>": _prescription_change,
    "POST prescriptions/<id>/versions": _version,
    "POST exercise-logs": _log,
    "POST exercise-logs/batch": _logs,
    "PATCH appointments/<id>": _appointment_change,
    "POST rooms": _room,
    "PATCH rooms/<id>": _room,
    "POST working-hours": _hours,
    "PATCH working-hours/<id>": _until_noon,
    "POST working-hours/exceptions": _exception,
    "PATCH working-hours/exceptions/<id>": _until_noon,
    "POST closures": _closure,
    "PATCH closures/<id>": _closure_change,
    "GET slots": _slots,
    "GET audit/export": lambda *_: {"format": "jsonl"},
    "POST series": _series,
    "POST series/preview": _series,
    "PATCH series/<id>": _series_change,
}
