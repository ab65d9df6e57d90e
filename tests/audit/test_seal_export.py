"""An export proves itself with nothing but Python and no database."""

import json
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audit.models import Event, EventKind
from audit.seals.offline_verifier import export_findings, main
from audit.seals.sealed_export import VERIFIER
from patients.models import Patient
from tenants.context import clinic_scope
from tests.audit.tampering import HISTORY, RESTORED, as_superuser, seal, verified
from tests.people import FreshClinic

NASTY = 'Zoë "disse"\\ \n\t\x01\x7f 😀 {"a": null}'
ROWS, HASHES = f"rows/{HISTORY}.jsonl", f"hashes/{HISTORY}.jsonl"


@pytest.fixture
def export(fresh_clinic: FreshClinic, tmp_path: Path) -> Path:
    """The trail of a clinic with two seals, one of them made for the export."""
    seal(fresh_clinic.route)
    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(medical_history=NASTY)

    call_command(
        "export_seals", fresh_clinic.route.schema, "-o", str(tmp_path / "out"), stdout=StringIO()
    )
    return tmp_path / "out"


def test_the_program_beside_the_files_proves_them(export: Path, fresh_clinic: FreshClinic) -> None:
    head = verified(fresh_clinic.route).head

    proof = subprocess.run(
        [sys.executable, "-I", "-S", export / VERIFIER, export, "--head", head],
        capture_output=True,
        text=True,
        check=False,
        env={},
    )

    assert (proof.returncode, proof.stderr) == (0, "")
    assert head in proof.stdout


def test_only_their_maker_can_read_the_files(export: Path) -> None:
    assert export.stat().st_mode & 0o077 == 0
    for path in export.rglob("*.jsonl"):
        assert path.stat().st_mode & 0o077 == 0


def test_the_export_is_in_the_trail_and_in_itself(export: Path, fresh_clinic: FreshClinic) -> None:
    with clinic_scope(fresh_clinic.route):
        event = Event.objects.get(kind=EventKind.EXPORTED)

    assert event.actor_label == "job:export_seals"
    assert f'"id": "{event.pk}"' in (export / "rows" / "audit_event.jsonl").read_text()


Lines = list[Any]


def drop(lines: Lines) -> None:
    del lines[1]


def change(lines: Lines) -> None:
    lines[1]["medical_history"] = "Nada."


def widen(lines: Lines) -> None:
    lines[1]["note"] = "Nada."


def double(lines: Lines) -> None:
    lines.append(lines[1])


def insert(lines: Lines) -> None:
    lines.append(lines[1] | {"history_id": "999999"})


def rehash(lines: Lines) -> None:
    lines[1][3] = "00" * 32


def unlist(lines: Lines) -> None:
    del lines[1]


def redate(lines: Lines) -> None:
    lines[0]["sealed_at"] = "2020-01-01T00:00:00.000000+00:00"


def cut(lines: Lines) -> None:
    del lines[0]


@pytest.mark.parametrize(
    ("file", "tamper", "found"),
    [
        (ROWS, drop, {"row_removed"}),
        (ROWS, change, {"row_changed"}),
        (ROWS, widen, {"row_changed"}),
        (ROWS, double, {"row_doubled"}),
        (ROWS, insert, {"row_inserted"}),
        (HASHES, rehash, {"seal_changed", "row_changed"}),
        (HASHES, unlist, {"seal_changed", "row_inserted"}),
        ("seals.jsonl", redate, {"seal_changed"}),
        ("seals.jsonl", cut, {"chain_broken", "seal_changed", "row_inserted"}),
    ],
)
def test_files_that_were_tampered_with_are_found(
    file: str, tamper: Callable[[Lines], None], found: set[str], export: Path
) -> None:
    path = export / file
    lines = [json.loads(line) for line in path.read_text().splitlines()]

    tamper(lines)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    assert {finding.problem for finding in export_findings(export)} == found
    assert main([str(export)]) == 1


def test_the_row_is_named_and_its_content_is_not(
    export: Path, fresh_clinic: FreshClinic, capsys: pytest.CaptureFixture[str]
) -> None:
    path = export / ROWS
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    main([str(export)])

    out = capsys.readouterr().out
    assert f"{HISTORY}, record {fresh_clinic.people.record.pk}, row" in out
    assert "Nada." not in out


def test_rows_put_in_behind_the_seals_of_the_database_are_found(
    fresh_clinic: FreshClinic, tmp_path: Path
) -> None:
    seal(fresh_clinic.route)
    with as_superuser(fresh_clinic.route) as cursor:
        cursor.execute(f"UPDATE {HISTORY} SET history_id = history_id + 1000000")
    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(medical_history="Depois.")

    out = tmp_path / "out"
    call_command("export_seals", fresh_clinic.route.schema, "-o", str(out), stdout=StringIO())

    assert {f.problem for f in export_findings(out)} == {"row_removed", "row_inserted"}


@pytest.mark.parametrize("recorded", [True, False])
def test_seals_that_look_restored_are_found_where_no_restore_is_recorded(
    recorded: bool, fresh_clinic: FreshClinic, tmp_path: Path
) -> None:
    seal(fresh_clinic.route)
    with as_superuser(fresh_clinic.route) as cursor:
        cursor.execute("UPDATE audit_seal SET xid = pg_current_xact_id()")
        if recorded:
            cursor.execute(RESTORED)

    out = tmp_path / "out"
    call_command("export_seals", fresh_clinic.route.schema, "-o", str(out), stdout=StringIO())

    found = [(finding.problem, finding.seal) for finding in export_findings(out)]
    assert found == ([] if recorded else [("restore_unrecorded", 2)])


def test_a_chain_without_the_head_that_was_kept(export: Path) -> None:
    assert [f.problem for f in export_findings(export, "ab" * 32)] == ["head_unknown"]
    assert main([str(export), "--head", "AB" * 32]) == 1


def test_a_broken_file_is_no_proof(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (export / ROWS).write_text("{")
    assert main([str(export)]) == 1
    assert "was broken" in capsys.readouterr().out


def test_a_folder_that_is_no_export(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 2


def test_an_export_overwrites_nothing(export: Path, fresh_clinic: FreshClinic) -> None:
    with pytest.raises(CommandError, match="empty"):
        call_command("export_seals", fresh_clinic.route.schema, "-o", str(export))


def test_a_closed_clinic_is_not_exported(fresh_clinic: FreshClinic, tmp_path: Path) -> None:
    call_command("close_clinic", fresh_clinic.route.schema, stdout=StringIO())
    with pytest.raises(CommandError, match="closed"):
        call_command("export_seals", fresh_clinic.route.schema, "-o", str(tmp_path / "out"))
