"""Creates the demo's clinics and its sign-in for the platform, through the services."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, auto
from random import Random
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.utils import timezone

from accounts.models import Role, User
from accounts.services import staff_create, user_create
from core.errors import Conflict
from demo import agenda, frame, names, record
from demo.exercises import fill_exercises
from patients.models import Patient
from patients.services import patient_register
from patients.validators import cpf_check_digit
from scheduling.models import Appointment
from scheduling.services import appointment_book, appointment_cancel
from scheduling.states import Status
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.models import Clinic
from tenants.services import clinic_create

STAFF_EMAIL = "admin@fisioflow.example"
SIGN_INS = {
    "owner": Role.OWNER,
    "manager": Role.MANAGER,
    "therapist": Role.THERAPIST,
    "reception": Role.RECEPTIONIST,
    "patient": Role.PATIENT,
    "auditor": Role.AUDITOR,
}
_COLLEAGUES = 4  # therapists besides the one who signs in
_PATIENTS = 200


@dataclass(frozen=True, slots=True)
class DemoClinic:
    """One of the demo's clinics."""

    schema: str
    name: str
    shard: str

    @property
    def host(self) -> str:
        """Its host name."""
        return f"{self.schema}.localhost"

    def email(self, local_part: str) -> str:
        """An address in the clinic's domain, which nobody can own (RFC 2606)."""
        return f"{local_part}@{self.schema}.example"


CLINICS = (
    DemoClinic("norte", "Clínica Norte", "shard_1"),
    DemoClinic("sul", "Clínica Sul", "shard_2"),
)


class State(Enum):
    """What the directory holds under the name of a demo clinic."""

    MISSING = auto()
    LOADED = auto()
    CLOSED = auto()
    FOREIGN = auto()


class DemoRefused(Conflict):
    """Others' clinics or staff are here, and the demo's passwords are public. --force loads it."""

    code = "demo_refused"


def state_of(demo: DemoClinic) -> State:
    """Whether the clinic exists, and whether it is the demo's: its owner's address shows it."""
    with platform_scope():
        clinic = Clinic.objects.filter(schema_name=demo.schema).first()
    if clinic is None:
        return State.MISSING

    if clinic.status != Clinic.Status.ACTIVE:
        return State.CLOSED
    with clinic_scope(clinic.route):
        ours = User.objects.filter(email=demo.email("owner")).exists()
    return State.LOADED if ours else State.FOREIGN


def refuse_among_others(states: dict[DemoClinic, State]) -> None:
    """Raise DemoRefused if there are other clinics or staff than the demo's."""
    ours = [demo.schema for demo, state in states.items() if state is State.LOADED]
    with platform_scope():
        clinics = Clinic.objects.exclude(schema_name__in=ours)
        staff = User.objects.filter(role=Role.PLATFORM).exclude(email=STAFF_EMAIL)
        if clinics.exists() or staff.exists():
            raise DemoRefused


def staff_exists() -> bool:
    """Whether the demo's sign-in for the platform exists."""
    with platform_scope():
        return bool(User.objects.filter(email=STAFF_EMAIL).exists())


def staff_load(*, password: str) -> None:
    """Create the demo's sign-in for the platform."""
    staff_create(
        acting_user=None, email=STAFF_EMAIL, full_name="Equipe FisioFlow", password=password
    )


def password_in_force(password: str) -> bool:
    """Whether the demo's sign-in for the platform still has this password."""
    with platform_scope():
        staff = User.objects.filter(email=STAFF_EMAIL).first()
    return staff is not None and bool(check_password(password, staff.password))


def demo_clinic_load(*, demo: DemoClinic, password: str) -> Clinic:
    """Create the clinic with all its people and data, or nothing. Raises ClinicExists."""
    with platform_scope():
        return clinic_create(
            acting_user=None,
            schema_name=demo.schema,
            name=demo.name,
            domain=demo.host,
            shard=demo.shard,
            plan=Clinic.Plan.PROFESSIONAL,
            state="SP",
            populate=lambda route: _populate(route, demo, password),
        )


def _populate(route: ClinicRoute, demo: DemoClinic, password: str) -> None:
    rng = Random(route.schema)  # noqa: S311  a plan to repeat, not a secret
    people = {part: _person(rng, demo, part, role) for part, role in SIGN_INS.items()}
    therapists = [people["therapist"]] + [
        _person(rng, demo, f"therapist{number}", Role.THERAPIST)
        for number in range(2, _COLLEAGUES + 2)
    ]

    # One hash for all: argon2 is slow by design, and this password is no secret.
    User.objects.update(password=make_password(password))

    today = timezone.localdate()
    patients = [
        _patient(rng, number, today, therapists[number % len(therapists)], people["patient"])
        for number in range(_PATIENTS)
    ]

    frame.fill(therapists, patients, today)
    _fill_agenda(rng, therapists, patients)
    fill_exercises(rng, patients)
    record.record_load(patient=patients[0], therapist=therapists[0])


def _person(rng: Random, demo: DemoClinic, local_part: str, role: Role) -> User:
    return user_create(
        acting_user=None,
        email=demo.email(local_part),
        full_name=f"{rng.choice(names.FIRST_NAMES)} {rng.choice(names.SURNAMES)}",
        role=role,
        crefito=f"3/{rng.randrange(10_000, 400_000)}-F" if role is Role.THERAPIST else "",
    )


def _patient(rng: Random, number: int, today: date, therapist: User, sign_in: User) -> Patient:
    """Register a patient; number 0 is the one who signs in."""
    name = " ".join([rng.choice(names.FIRST_NAMES), *rng.sample(names.SURNAMES, 2)])

    return patient_register(
        acting_user=None,
        name=name if number else sign_in.full_name,
        email=sign_in.email if not number else f"paciente{number}@pacientes.example",
        phone=f"+55{rng.choice((11, 21, 31, 41, 51))}9{rng.randrange(10**8):08d}",
        cpf=_cpf(rng, number),
        birth_date=today - timedelta(days=rng.randrange(6 * 365, 88 * 365)),
        medical_history=rng.choice(names.HISTORIES),
        therapist=therapist,
        user=None if number else sign_in,
    )


def _cpf(rng: Random, number: int) -> str:
    """A valid CPF, different for each number below 1,000."""
    digits = [int(digit) for digit in f"{rng.randrange(10**6):06d}{number:03d}"]
    for _ in range(2):
        digits.append(cpf_check_digit(digits))
    return "".join(map(str, digits))


def _fill_agenda(rng: Random, therapists: list[User], patients: list[Patient]) -> None:
    """Book the future sessions; write those that have begun in bulk, which is quicker."""
    now = timezone.localtime()
    caseloads = [range(first, len(patients), len(therapists)) for first in range(len(therapists))]

    begun = []
    for visit in agenda.plan(rng, caseloads, now):
        who_and_when: dict[str, Any] = {
            "patient": patients[visit.patient],
            "therapist": therapists[visit.therapist],
            "start_time": visit.start,
            "end_time": visit.start + agenda.SESSION,
        }
        if visit.start <= now:
            notes = rng.choice(names.NOTES) if visit.status is Status.COMPLETED else ""
            begun.append(Appointment(**who_and_when, status=visit.status, notes=notes))
            continue

        appointment = appointment_book(acting_user=None, **who_and_when)
        if visit.status is Status.CANCELLED:
            appointment_cancel(acting_user=None, appointment=appointment)

    Appointment.objects.bulk_create(begun)
