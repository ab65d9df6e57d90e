"""A clinic in use, restored from a chain by the store's own scripts."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connections
from pytest_django import Settings

from accounts.models import User
from audit.models import Event, EventKind
from backups.format.manifests import Signed
from backups.installation import Installation
from backups.store_readme import write_readme
from backups.stores import FolderStore
from backups.stores.layout import RULES, STRUCTURE, ddl_key
from devstack.stack import Stack
from patients.models import Patient
from tenants.context import clinic_scope
from tests.backups.by_hand import NEEDS_AGE, SCHEMA, Person
from tests.backups.conftest import Keyring
from tests.backups.rebuilding import backed_up, differences, dumped, somebody
from tests.people import FreshClinic

pytestmark = NEEDS_AGE
HARD_TO_QUOTE = "Dor\tlombar\n\\.\nCOMMIT;\r\n'à' \"noite\" \\N"


@pytest.fixture
def person(
    fresh_clinic: FreshClinic, configured: FolderStore, settings: Settings
) -> Iterator[Person]:
    write_readme(configured)
    keys = Keyring(
        identity_file=Path(settings.BACKUP_IDENTITY_FILE),
        signing_key_file=Path(settings.BACKUP_SIGNING_KEY_FILE),
        recipients=Installation().recipients,
        identities=Installation().identities,
        signing=Installation().signing_key,
    )
    somebody = Person(configured, keys, backed_up(configured, fresh_clinic.route))

    yield somebody

    somebody.ask(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def restored(person: Person, clinic: FreshClinic, made: Signed, moment: str = "") -> str:
    """Run the script; returns its messages."""
    done = person.restore(
        clinic=clinic.route.clinic_id, backup=made.manifest.backup_id, moment=moment
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def work_of_a_morning(clinic: FreshClinic) -> None:
    people = clinic.people
    Patient.objects.filter(id=people.record.id).update(medical_history=HARD_TO_QUOTE)
    Patient.objects.bulk_create([Patient(**somebody(number)) for number in range(1, 6)])
    Patient.objects.create(**somebody(6)).delete()
    User.objects.filter(id=people.owner.id).update(password=make_password("another one"))
    User.objects.filter(id=people.manager.id).update(password=make_password("for a while"))
    Event.objects.create(kind=EventKind.EXPORTED, details={"rows": 2})


def work_of_an_afternoon(clinic: FreshClinic) -> None:
    """Change rows of the full, rows of the morning, and new rows; set passwords used before."""
    people = clinic.people
    Patient.objects.get(name="Paciente 1").delete()
    Patient.objects.filter(name="Paciente 2").update(name="Paciente Alterado")
    Patient.objects.filter(id=people.record.id).update(name="Paciente do Dia")
    Patient.objects.create(**somebody(7))
    User.objects.filter(id=people.owner.id).update(full_name="Dona da Clínica")
    User.objects.filter(id=people.manager.id).update(password=make_password("for good"))


def decrypted(person: Person, signed: Signed) -> str:
    """Decrypt the backup's script into a file; returns its name."""
    identity, (data,) = shlex.quote(str(person.keys.identity_file)), signed.manifest.objects
    name = f"{signed.manifest.backup_id}.sql"
    done = person.run("sh", "-c", f"age -d -i {identity} {data.key} | zstd -dq > {name}")
    assert done.returncode == 0, done.stderr
    return name


def typed(person: Person, chain: list[Signed]) -> None:
    """Follow the page's section "By hand"."""
    structure, rules = (
        ddl_key(chain[0].manifest.ddl_fingerprint, part) for part in (STRUCTURE, RULES)
    )
    data, *deltas = (decrypted(person, signed) for signed in chain)
    options = f"PGOPTIONS=-c search_path={SCHEMA},pg_temp -c check_function_bodies=off"
    psql = ("env", options, "psql", "-Xq", "-v", "ON_ERROR_STOP=1")
    person.ask(f"CREATE SCHEMA {SCHEMA}")

    for session in ([structure], [data], [*deltas, "increments.sql"], [rules]):
        done = person.run(*psql, *(f"--file={name}" for name in session))
        assert done.returncode == 0, done.stderr


def test_a_chain_by_hand_is_the_live_clinic(
    fresh_clinic: FreshClinic, person: Person, stack: Stack
) -> None:
    route = fresh_clinic.route
    chain = [person.backup]

    for work in (work_of_a_morning, work_of_an_afternoon):
        with clinic_scope(route):
            work(fresh_clinic)
        chain.append(backed_up(person.store, route, chain[-1]))

    said = restored(person, fresh_clinic, chain[-1])
    live = dumped(stack, route.schema)

    assert differences(dumped(stack, SCHEMA), live) == {}
    assert len(live["patients_patient"]) == 1 + 5 - 1 + 1
    assert "lost" not in said

    following = (
        "SELECT nextval(pg_get_serial_sequence('%s', 'history_id')), max(history_id) FROM %s"
    )
    table = f"{SCHEMA}.patients_historicalpatient"
    number, highest = person.ask(following % (table, table)).split("|")

    assert int(number) == int(highest) + 1

    person.ask(f"DROP SCHEMA {SCHEMA} CASCADE")
    typed(person, chain)

    assert differences(dumped(stack, SCHEMA), live) == {}


def test_a_moment_by_hand(fresh_clinic: FreshClinic, person: Person, stack: Stack) -> None:
    route = fresh_clinic.route

    with clinic_scope(route):
        work_of_a_morning(fresh_clinic)
        with connections[route.shard].cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            moment = cursor.fetchone()[0].isoformat()

    morning = dumped(stack, route.schema)
    with clinic_scope(route):
        work_of_an_afternoon(fresh_clinic)
    made = backed_up(person.store, route, person.backup)
    said = restored(person, fresh_clinic, made, moment)

    assert set(differences(dumped(stack, SCHEMA), morning)) == {"accounts_user"}
    assert "values of accounts_user.password are lost: 1" in said
