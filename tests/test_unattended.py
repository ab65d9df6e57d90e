"""Every command and task names its own actor: in production, no test does it for them.

A new command fails here until it stands in one of the lists. Tasks are found automatically.
The endpoint table checks that every view names its person (test_endpoints.py): a test's requests
don't have the test's actor either.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Task
from django.contrib.sessions.models import Session
from django.core.management import BaseCommand, call_command, get_commands
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role, User
from audit.models import Event, EventKind
from backups.format.keys import make_identity, make_signing_key
from core.actor import current_actor
from core.ids import uuid7
from fisioflow.celery import app
from manage import main
from tenants.context import DIRECTORY, ClinicRoute, platform_scope
from tenants.postgresql.owner import owner_connection
from tests.people import FreshClinic

app.autodiscover_tasks(force=True)
TASKS = sorted(name for name in app.tasks if not name.startswith("celery."))

STAFF = "root@fisioflow.example"
PASSWORD = "a new horse battery"
# Each command of ours, with its arguments.
OURS = {
    "migrate": [],
    "migrate_clinics": ["--shard", "shard_1"],
    "load_exercises": ["{schema}"],
    "import_patients": ["{schema}", "{csv}"],
    "impersonate": ["{schema}", "{owner}", "--operator", STAFF, "--reason", "ticket 4711"],
    "seal_audit": ["{schema}"],
    "verify_audit": ["{schema}"],
    "export_audit": ["{schema}", "--output", "{folder}/trail.jsonl"],
    "export_seals": ["{schema}", "--output", "{folder}/seals"],
    "backup_keys": ["{folder}/keys"],
    "backup": ["{schema}"],
    "backups": ["{schema}"],
    "drill": ["{schema}"],
    "prune_backups": ["{schema}"],
    "restore": ["latest", "--clinic", "{schema}", "--noinput"],
    "undo_restore": ["{schema}"],
    "close_clinic": ["{schema}"],
}
# The ones that must have run before.
BEFORE = {
    **{command: ["backup"] for command in ("backups", "drill", "prune_backups", "restore")},
    "undo_restore": ["backup", "restore"],
}
OF_PACKAGES = {
    "createsuperuser": ["--noinput", "--email", "new@fisioflow.example", "--full_name", "New"],
    "changepassword": [STAFF],
    "clearsessions": [],
    "createcachetable": [],
    "loaddata": ["{fixture}"],
}
# They would harm the trail or the clinics: each says so.
REFUSED = {
    "clean_old_history": "never shortened",
    "clean_duplicate_history": "never thinned out",
    "populate_history": "The database itself writes histories",
    "flush": "never emptied",
    "remove_stale_contenttypes": "only migrations",
}
ELSEWHERE = {
    "create_clinic": "tests/exercises/test_library_load.py",
    "load_demo": "tests/demo/test_demo.py",
    "verify_backup": "tests/backups/test_backup_commands.py",
}
WRITES_NO_ROW = {
    *("check", "compilemessages", "dbshell", "diffsettings", "dumpdata", "inspectdb"),
    *("makemessages", "makemigrations", "optimizemigration", "sendtestemail", "shell"),
    *("showmigrations", "sqlflush", "sqlmigrate", "sqlsequencereset", "squashmigrations"),
    *("startapp", "startproject", "runserver", "collectstatic", "findstatic", "spectacular"),
    *("generateschema", "test", "testserver"),
}
ANA = "name,phone,cpf,birth_date\nAna Conceição,+5511988887777,111.444.777-35,1992-02-29\n"
LOADED = {
    "model": "accounts.user",
    "pk": str(uuid7()),
    "fields": {
        "email": "loaded@fisioflow.example",
        "full_name": "Loaded",
        "role": Role.PLATFORM,
        "created_at": "2026-03-02T12:00:00Z",
        "updated_at": "2026-03-02T12:00:00Z",
    },
}


def test_every_command_is_walked_or_needs_no_actor() -> None:
    listed = [*OURS, *OF_PACKAGES, *REFUSED, *ELSEWHERE, *WRITES_NO_ROW]
    assert sorted(listed) == sorted(get_commands())

    for command, file in ELSEWHERE.items():
        assert f'"{command}"' in Path(file).read_text(encoding="utf-8")


@pytest.fixture
def staff(fresh_clinic: FreshClinic) -> Iterator[None]:
    """A committed member of the platform's staff; the directory forgets everybody afterwards."""
    with platform_scope():
        User.objects.create_superuser(STAFF, "an old horse battery", full_name="Root")

    yield

    with owner_connection(DIRECTORY) as connection:
        for table in ("accounts_user", "accounts_historicaluser"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            connection.execute(f"DELETE FROM {table}")
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def words(fresh_clinic: FreshClinic, tmp_path: Path, settings: Settings) -> dict[str, str]:
    """What the arguments name: a clinic, files, and keys and a store for backups."""
    csv, fixture = tmp_path / "patients.csv", tmp_path / "staff.json"
    csv.write_text(ANA, encoding="utf-8")
    fixture.write_text(json.dumps([LOADED]), encoding="utf-8")

    settings.BACKUP_STORE_URL = (tmp_path / "store").as_uri()
    settings.BACKUP_SIGNING_KEY_FILE = str(tmp_path / "signing.pem")
    settings.BACKUP_IDENTITY_FILE = str(tmp_path / "identity.txt")
    settings.BACKUP_RECIPIENTS = [make_identity(tmp_path / "identity.txt")]
    make_signing_key(tmp_path / "signing.pem")

    return {
        "schema": fresh_clinic.route.schema,
        "owner": fresh_clinic.people.owner.email,
        "folder": str(tmp_path),
        "csv": str(csv),
        "fixture": str(fixture),
    }


def run(command: str, arguments: list[str], words: dict[str, str]) -> None:
    main(["manage.py", command, *(argument.format(**words) for argument in arguments)])


@pytest.mark.parametrize("command", OURS)
@pytest.mark.usefixtures("staff")
def test_a_command_of_ours_needs_nobody_to_act_for_it(command: str, words: dict[str, str]) -> None:
    for earlier in BEFORE.get(command, []):
        run(earlier, OURS[earlier], words)

    run(command, OURS[command], words)


@pytest.mark.parametrize("command", OF_PACKAGES)
@pytest.mark.usefixtures("staff")
def test_a_command_of_a_package_acts_under_its_own_name(
    command: str, words: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda **_: PASSWORD)
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    run(command, OF_PACKAGES[command], words)

    with platform_scope():
        written = set(User.history.values_list("actor_label", flat=True))
    assert written - {"job:tests"} <= {f"job:{command}"}


@pytest.mark.usefixtures("staff")
def test_the_first_member_of_the_staff_is_made_and_may_change_the_password(
    words: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    monkeypatch.setattr("getpass.getpass", lambda **_: PASSWORD[::-1])

    run("createsuperuser", OF_PACKAGES["createsuperuser"], words)
    run("changepassword", ["new@fisioflow.example"], words)

    with platform_scope():
        made = User.objects.get(email="new@fisioflow.example")
        versions = User.history.filter(id=made.pk).order_by("history_id")
        assert [version.actor_label for version in versions] == [
            "job:createsuperuser",
            "job:changepassword",
        ]
        changed = Event.objects.filter(kind=EventKind.PASSWORD_CHANGED, record_id=str(made.pk))
        assert [event.actor_label for event in changed] == ["job:changepassword"]
    assert made.is_superuser
    assert made.check_password(PASSWORD[::-1])


def test_expired_sign_ins_of_the_staff_are_swept(words: dict[str, str]) -> None:
    with platform_scope():
        Session.objects.create(session_key="s" * 32, session_data="", expire_date=timezone.now())

    run("clearsessions", [], words)

    with platform_scope():
        assert not Session.objects.exists()


@pytest.mark.without_database
@pytest.mark.parametrize("command", REFUSED)
def test_what_would_harm_the_trail_is_refused_in_one_line(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["manage.py", command])

    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert REFUSED[command] in line


@pytest.mark.parametrize("name", TASKS)
def test_a_task_acts_under_its_own_name(
    name: str, norte: ClinicRoute, monkeypatch: pytest.MonkeyPatch
) -> None:
    acted: list[str] = []
    monkeypatch.setattr(app.tasks[name], "run", lambda *_: acted.append(current_actor().label))

    app.tasks[name].apply(args=(str(norte.clinic_id),))

    assert acted == [f"job:{name}"]


@pytest.mark.without_database
def test_in_the_shell_people_name_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    show = "from core.actor import current_actor; print(repr(current_actor().label))"
    main(["manage.py", "shell", "--no-imports", "-c", show])

    assert capsys.readouterr().out.strip() == "''"


@pytest.mark.without_database
def test_no_command_gets_its_actor_from_a_test() -> None:
    class Command(BaseCommand):
        def handle(self, *args: object, **options: object) -> str:
            return f"label: {current_actor().label!r}"

    assert current_actor().label == "job:tests"
    assert call_command(Command()) == "label: ''"


@pytest.mark.without_database
def test_no_task_gets_its_actor_from_a_test() -> None:
    class Nameless(Task[[], str]):
        name = "tests.nameless"

        def run(self) -> str:
            return current_actor().label

    nameless = app.register_task(Nameless())
    try:
        assert nameless.apply().get() == ""
    finally:
        app.tasks.unregister("tests.nameless")


@pytest.mark.without_database
def test_no_request_gets_its_actor_from_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> Iterator[str]:
        yield f"label: {current_actor().label!r}"

    def at_once(handler: ClientHandler, request: HttpRequest) -> HttpResponse:
        return HttpResponse("".join(said()))

    def later(handler: ClientHandler, request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(said())

    for respond in (at_once, later):
        monkeypatch.setattr(ClientHandler, "get_response", respond)
        assert Client().get("/").getvalue() == b"label: ''"
