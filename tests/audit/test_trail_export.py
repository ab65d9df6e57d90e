"""The trail as a file: complete, safe to open in a spreadsheet, and itself an event."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audit.models import Event, EventKind
from audit.trail import export
from audit.trail.export import trail_export
from audit.trail.feed import Trail
from core.actor import Actor, acting
from scheduling.models import Room
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Api, Everybody, FreshClinic

URL = "/api/v1/audit/export"


def body(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content).decode("utf-8")


def test_a_spreadsheet_has_the_entries_and_runs_no_cell(
    api: Api, people: Everybody, in_norte: ClinicRoute
) -> None:
    stranger = Actor(label="=cmd|' /C calc'!A0", user_agent="@SUM(1+1)", request_id="-1")
    with acting(stranger):
        Room.objects.create(name='Sala "1";\nnova', capacity=1)

    answer = api(people.norte.auditor).get(URL, {"format": "csv", "table": "scheduling_room"})

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="audit-norte.csv"'
    assert answer["Cache-Control"] == "no-store, private"

    text = body(answer)
    assert text.startswith("\ufeffid,timestamp,table,")
    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert row["user_label"] == "'=cmd|' /C calc'!A0"
    assert (row["user_agent"], row["request_id"]) == ("'@SUM(1+1)", "'-1")
    assert json.loads(row["new_values"])["name"] == 'Sala "1";\nnova'
    assert (row["action"], row["user_id"], row["old_values"]) == ("INSERT", "", "")


def test_lines_of_json_are_the_entries_of_the_list(
    api: Api, people: Everybody, in_norte: ClinicRoute
) -> None:
    Room.objects.create(name="Avaliação", capacity=1)
    owner, query = api(people.norte.owner), {"table": "scheduling_room"}

    text = body(owner.get(URL, query | {"format": "jsonl"}))

    assert "Avaliação" in text

    listed = owner.get("/api/v1/audit", query).json()["results"]
    assert [json.loads(line) for line in text.splitlines()] == [
        entry for entry in listed if entry["kind"] != "exported"
    ]


def test_the_export_is_an_event_with_names_of_filters_and_no_content(
    api: Api, people: Everybody, in_norte: ClinicRoute
) -> None:
    room = Room.objects.create(name="Pilates", capacity=1)
    query = {"format": "jsonl", "record": str(room.pk), "from": "2026-03-02"}

    assert len(body(api(people.norte.auditor).get(URL, query)).splitlines()) == 1

    event = Event.objects.get(kind=EventKind.EXPORTED)
    assert event.details == {"format": "jsonl", "filters": ["record", "since"], "count": 1}
    assert (event.user_id, event.table_name) == (people.norte.auditor.pk, "audit_event")


def test_pages_of_an_export_are_read_for_the_asker_after_the_request_is_over(
    norte: ClinicRoute, sul: ClinicRoute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    with clinic_scope(norte):
        for number in range(5):
            Room.objects.create(name=f"Sala {number}", capacity=1)
        whole = Trail(table="scheduling_room").count()

        pieces = trail_export(trail=Trail(table="scheduling_room"), format="jsonl")
        Room.objects.create(name="Depois", capacity=1)

    with clinic_scope(sul):
        taken = list(pieces)

    lines = [json.loads(line) for piece in taken for line in piece.splitlines()]
    assert [line["new_values"]["name"] for line in lines] == [f"Sala {n}" for n in (4, 3, 2, 1, 0)]
    assert (len(taken), whole, {line["tenant"] for line in lines}) == (3, 5, {str(norte.clinic_id)})


def test_a_format_is_required_and_limits_are_refused(api: Api, people: Everybody) -> None:
    owner = api(people.norte.owner)

    for query, parameter in (
        ({}, "format"),
        ({"format": "xlsx"}, "format"),
        ({"format": "csv", "limit": "1"}, "limit"),
        ({"format": "csv", "usr": "1"}, "usr"),
    ):
        answer = owner.get(URL, query)
        assert answer.status_code == 400, query
        assert answer.json()["errors"][0]["parameter"] == parameter


def test_the_command_writes_a_file_that_only_its_owner_reads(
    fresh_clinic: FreshClinic, tmp_path: Path
) -> None:
    schema, path = fresh_clinic.route.schema, tmp_path / "trail.csv"

    call_command("export_audit", schema, "--format", "csv", "-o", str(path))

    assert path.stat().st_mode & 0o777 == 0o600

    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert {"accounts_user", "patients_patient"} <= {row["table"] for row in rows}

    with clinic_scope(fresh_clinic.route):
        event = Event.objects.get(kind=EventKind.EXPORTED)
        assert (event.actor_label, event.details["count"]) == ("job:export_audit", len(rows))


def test_the_command_writes_nothing_for_days_without_entries(
    in_norte: ClinicRoute, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("export_audit", "norte", "--from", "2020-01-01", "--to", "2020-12-31")
    assert capsys.readouterr().out == ""


def test_the_command_writes_over_no_file(in_norte: ClinicRoute, tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl"
    path.write_text("mine")

    with pytest.raises(CommandError, match="File exists"):
        call_command("export_audit", "norte", "-o", str(path))

    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(["nowhere"], "Nenhuma clínica"), (["norte", "--from", "yesterday"], "--from")],
)
def test_the_command_refuses_an_unknown_clinic_and_an_invalid_day(
    arguments: list[str], reason: str, norte: ClinicRoute
) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("export_audit", *arguments)
