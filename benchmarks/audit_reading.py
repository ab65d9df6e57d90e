"""Reading the trail of an old clinic: a million versions and 200,000 events, written by SQL.

Each filter is measured where it is hardest: on rows that are rare, old, or missing. The time covers
the whole request, from the token to the last byte of the answer.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any

from django.core.management import call_command
from django.db import connections
from rest_framework.test import APIClient

from accounts.models import Role, User
from accounts.services import user_create
from accounts.sessions import token_issue
from audit.capture.histories import histories
from audit.trail.chart import chart_as_of
from audit.trail.feed import Trail
from benchmarks.report import Figure, middle
from core.actor import acting_as_job
from exercises.models import ExerciseLog, PrescriptionItem
from exercises.services import exercise_create, prescription_create
from patients.models import Patient
from patients.services import note_draft
from scheduling.models import Appointment
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.postgresql.owner import as_owner
from tenants.services import clinic_create

BAR = 0.2  # seconds


def figures() -> Iterator[Figure]:
    """Fill the clinic, then read it."""
    call_command("migrate", verbosity=0)
    call_command("migrate_clinics", verbosity=0)

    with platform_scope(), acting_as_job("benchmark"):
        route = clinic_create(
            acting_user=None, schema_name="old", name="Old", domain="old.localhost", shard="shard_1"
        ).route
        with clinic_scope(route):
            _one_of_each()
        with as_owner(route.shard), clinic_scope(route):
            rows = _fill(route)

        with clinic_scope(route):
            ask = _asker()
            for name, query in _queries().items():
                seconds = _timed(partial(ask, query))
                yield Figure(f"first page of {rows:,} versions: {name}", seconds, "s", BAR)

            for years in (1, 4):
                at = datetime.now(UTC) - timedelta(days=365 * years)
                seconds = _timed(partial(chart_as_of, _a_patient(), at))
                yield Figure(f"one chart as of {years} years ago", seconds, "s", BAR)


def _one_of_each() -> None:
    """Write a row of each history, for `_fill` to multiply."""
    therapist = user_create(
        acting_user=None,
        email="t@old.example",
        full_name="T",
        role=Role.THERAPIST,
        crefito="3/1-F",
    )

    patient = Patient.objects.create(
        name="Paciente", phone="+5511987654321", cpf="52998224725", birth_date="1980-05-17"
    )
    note_draft(acting_user=therapist, patient=patient, kind="evolution", plan="Manter. " * 20)

    exercise = exercise_create(
        acting_user=None, name="Ponte", body_region="hip", goal="strength", instructions="Eleve."
    )
    prescription_create(
        acting_user=therapist,
        patient=patient,
        start_date=date(2026, 3, 2),
        items=[{"exercise": exercise}],
    )

    ExerciseLog.objects.create(
        item=PrescriptionItem.objects.get(),
        done_at=datetime(2026, 3, 3, 12, tzinfo=UTC),
        sets=3,
        repetitions=10,
        pain=2,
        effort=4,
    )

    Appointment.objects.create(
        patient=patient,
        therapist=therapist,
        start_time=datetime(2026, 3, 2, 12, tzinfo=UTC),
        end_time=datetime(2026, 3, 2, 13, tzinfo=UTC),
    )


def _fill(route: ClinicRoute) -> int:
    """Multiply the versions; returns their number. `n` counts a table's rows, oldest first."""
    born, born_or_changed = "'+'", "CASE WHEN n <= {} THEN '+' ELSE '~' END"
    item, patient = {"item_id": _key("item", 40_000)}, {"patient_id": _key("patient", 20_000)}
    plan = {"prescription_id": _key("plan", 20_000)}
    # table: rows, objects, type of row n, what else differs
    tables: dict[str, tuple[int, int, str, dict[str, str]]] = {
        "patients_patient": (20_000, 20_000, born, {"id": _key("patient", 20_000)}),
        "patients_clinicalnote": (120_000, 60_000, born_or_changed, patient),
        "scheduling_appointment": (500_000, 100_000, born_or_changed, patient),
        "exercises_prescription": (20_000, 20_000, born, {"id": _key("plan", 20_000)} | patient),
        "exercises_prescriptionitem": (40_000, 40_000, born, {"id": _key("item", 40_000)} | plan),
        "exercises_exerciselog": (280_000, 280_000, born, item),
        "accounts_user": (20_000, 10, born_or_changed, {}),
    }

    with connections[route.shard].cursor() as cursor:
        for table, (count, objects, type_of_row, differs) in tables.items():
            values = {
                "id": _key(table, objects),
                "history_id": "n + 1000",
                "history_type": type_of_row.format(objects),
                "history_date": f"now() - interval '5 years' * (1 - n / {count}.0)",
                "history_user_id": _key("user", 10),
                "actor_label": "'T'",
                "request_id": f"'{table}' || n / 2",
                **differs,
            }
            history = histories()[table]._meta
            columns = {f'"{field.column}"': field.column for field in history.fields}
            cursor.execute(
                f"""INSERT INTO {history.db_table} ({", ".join(columns)})
                SELECT {", ".join(values.get(n, f"t.{quoted}") for quoted, n in columns.items())}
                  FROM {history.db_table} t, generate_series(1, {count}) n
                 WHERE t.history_id = (SELECT min(history_id) FROM {history.db_table})"""
            )

        patients = _key("patient", 20_000)
        cursor.execute(
            f"""INSERT INTO audit_event (kind, patient_id, table_name, record_id, details)
            SELECT 'chart_viewed', {patients}, 'patients_patient', {patients}::text, '{{}}'
              FROM generate_series(1, 200000) n"""
        )
        cursor.execute("ANALYZE")

    return sum(count for count, *_ in tables.values())


def _key(kind: str, objects: int) -> str:
    return f"md5('{kind}' || n % {objects})::uuid"


def _asker() -> Callable[[dict[str, str]], None]:
    """A function that asks for a page of the trail as the auditor."""
    auditor = user_create(
        acting_user=None, email="a@old.example", full_name="A", role=Role.AUDITOR, password=None
    )
    client = APIClient(SERVER_NAME="old.localhost")
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_issue(user=auditor).access}")

    def ask(query: dict[str, str]) -> None:
        answer = client.get("/api/v1/audit", query)
        assert answer.status_code == 200, answer.content

    return ask


def _queries() -> dict[str, dict[str, str]]:
    today = datetime.now(UTC).date()
    long_ago, tomorrow = str(today - timedelta(days=4 * 365)), str(today + timedelta(days=1))
    found = Trail(table="scheduling_appointment").page(1)[0]
    busy, idle = str(found.user_id), str(User.objects.get(full_name="T").pk)
    patient = str(_a_patient())
    logs = "exercises_exerciselog"

    return {
        "no filter": {},
        "record": {"record": found.record_id},
        "a record that isn't there": {"record": idle},
        "patient": {"patient": patient},
        "patient, four years ago": {"patient": patient, "to": long_ago},
        "user": {"user": busy},
        "a user who did nothing": {"user": idle},
        "user, deletions": {"user": busy, "kind": "delete"},
        "user, insertions": {"user": busy, "kind": "insert"},
        "request": {"request": found.request_id},
        "a request that isn't there": {"request": "nothing-of-the-kind"},
        "kind: insert": {"kind": "insert"},
        "kind: update": {"kind": "update"},
        "kind: delete": {"kind": "delete"},
        "kind: an event": {"kind": "chart_viewed"},
        "kind: an event that never happened": {"kind": "restored"},
        "table": {"table": logs},
        "table, updates of what is never updated": {"table": logs, "kind": "update"},
        "a table with few rows": {"table": "scheduling_room"},
        "until four years ago": {"to": long_ago},
        "one day, four years ago": {"from": long_ago, "to": long_ago},
        "from tomorrow": {"from": tomorrow},
    }


def _a_patient() -> Any:
    version = Trail(table="scheduling_appointment").page(1)[0]
    assert version.new_values
    return version.new_values["patient_id"]


def _timed(work: Any) -> float:
    times = []
    for _ in range(5):
        started = perf_counter()
        work()
        times.append(perf_counter() - started)
    return middle(times)
