"""A clinic of about 200 MB to measure backups: 40,000 patients, 400,000 appointments, histories.

SQL fills it, through the triggers. The exclusion constraints are dropped, and built again after the
rows, which satisfy them: checking them row by row would take most of the time.
"""

from typing import Any

from django.db import connections, transaction

from core.actor import acting_as_job
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.postgresql.owner import as_owner
from tenants.services import clinic_create

PATIENTS, APPOINTMENTS, THERAPISTS = 40_000, 400_000, 20
_ID = "('00000000-0000-7000-{kind}-' || lpad(to_hex({number}), 12, '0'))::uuid"
_THERAPISTS = """
INSERT INTO accounts_user (id, password, is_superuser, email, full_name, role, crefito, is_active,
                           created_at, updated_at)
SELECT {id}, '!', false, 't' || n || '@clinica.example', 'Terapeuta ' || n, 'therapist',
       '3/' || (10000 + n) || '-F', true, now(), now() FROM generate_series(0, {count} - 1) n
"""
_PATIENTS = """
INSERT INTO patients_patient (id, created_at, updated_at, name, email, phone, cpf, birth_date,
                              medical_history, therapist_id)
SELECT {id}, now(), now(), 'Pessoa ' || n || ' da Conceição', 'p' || n || '@exemplo.example',
       '+55119' || (10000000 + n), base || d1 || (CASE WHEN r2 < 2 THEN 0 ELSE 11 - r2 END),
       date '1950-01-01' + n % 20000,
       repeat('Lombalgia crônica há dois anos, sem irradiação. ', 4), {therapist}
  FROM (SELECT n, (100000000 + n)::text AS base FROM generate_series(0, {count} - 1) n) numbers,
       LATERAL (SELECT sum(substr(base, i, 1)::int * (11 - i)) % 11 AS r1,
                       sum(substr(base, i, 1)::int * (12 - i)) AS s2
                  FROM generate_series(1, 9) i) sums,
       LATERAL (SELECT CASE WHEN r1 < 2 THEN 0 ELSE 11 - r1 END AS d1) first,
       LATERAL (SELECT (s2 + d1 * 2) % 11 AS r2) second
"""
# At each half hour every therapist sees another patient: nobody is in two places at once.
_APPOINTMENTS = """
INSERT INTO scheduling_appointment (id, created_at, updated_at, start_time, end_time, status, notes,
                                    patient_id, therapist_id, "group")
SELECT {id}, now(), now(), begins, begins + interval '30 minutes', 'completed',
       'Mobilização e fortalecimento; sessão ' || n, {patient}, {therapist}, false
  FROM generate_series(0, {count} - 1) n,
       LATERAL (SELECT timestamptz '2022-01-03 10:00Z' + n / {therapists} * interval '30 minutes'
                    AS begins) slot
"""


def big_clinic(
    schema: str,
    shard: str = "shard_1",
    *,
    patients: int = PATIENTS,
    appointments: int = APPOINTMENTS,
) -> ClinicRoute:
    """Create the clinic and fill it. The shard must have its template."""
    with platform_scope(), acting_as_job("benchmark"):
        domain = f"{schema.replace('_', '-')}.localhost"
        clinic = clinic_create(
            acting_user=None, schema_name=schema, name=schema, domain=domain, shard=shard
        )
    route = clinic.route

    with acting_as_job("benchmark"), as_owner(shard), clinic_scope(route):
        with transaction.atomic(using=shard), connections[shard].cursor() as cursor:
            later = _without_exclusions(cursor)
            _fill(cursor, patients, appointments)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for statement in later:
                cursor.execute(statement)

        with connections[shard].cursor() as cursor:
            _settle(cursor)

    return route


def _settle(cursor: Any) -> None:
    """Do now what autovacuum would otherwise do during the first measurements."""
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r'"
        " AND relnamespace = current_schema()::regnamespace"
    )
    for (table,) in cursor.fetchall():
        cursor.execute(f'VACUUM (ANALYZE) "{table}"')


def _fill(cursor: Any, patients: int, appointments: int) -> None:
    therapist = _ID.format(kind="8001", number=f"(n % {THERAPISTS})")
    statements = (
        _THERAPISTS.format(id=therapist, count=THERAPISTS),
        _PATIENTS.format(
            id=_ID.format(kind="8002", number="n"), count=patients, therapist=therapist
        ),
        _APPOINTMENTS.format(
            id=_ID.format(kind="8003", number="n"),
            count=appointments,
            patient=_ID.format(kind="8002", number=f"(n % {patients})"),
            therapist=therapist,
            therapists=THERAPISTS,
        ),
    )

    for statement in statements:
        cursor.execute(statement)


def _without_exclusions(cursor: Any) -> list[str]:
    """Drop the appointments' exclusion constraints; returns the statements that restore them."""
    cursor.execute(
        "SELECT format('ALTER TABLE scheduling_appointment DROP CONSTRAINT %I', conname),"
        " format('ALTER TABLE scheduling_appointment ADD CONSTRAINT %I %s', conname,"
        " pg_get_constraintdef(oid)) FROM pg_constraint"
        " WHERE conrelid = 'scheduling_appointment'::regclass AND contype = 'x'"
    )

    found = cursor.fetchall()
    for drop, _ in found:
        cursor.execute(drop)

    return [add for _, add in found]
