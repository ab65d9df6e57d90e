"""`manage.py import_patients`: what it prints and its exit status."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from core.ids import uuid7
from tenants.context import ClinicRoute
from tests.patients.test_import import ANA, BIA, HEADER, names

pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / f"{uuid7().hex}.csv"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_the_command_reports_and_sums_up(
    in_norte: ClinicRoute,
    csv_file: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = csv_file(HEADER + ANA + "Caio Segredo,+5511,12345678900,1990-01-01\n")

    with translation.override("en"), pytest.raises(CommandError) as refusal:
        call_command("import_patients", "norte", path)

    assert refusal.value.returncode == 1

    shown = capsys.readouterr().out

    assert "line 3: cpf: This CPF is not valid. [invalid_cpf]" in shown
    assert "Lines read: 2. Bad: 1. Patients registered: 0." in shown
    assert "Segredo" not in shown
    assert "12345678900" not in shown
    with translation.override("en"), pytest.raises(CommandError):
        call_command("import_patients", "norte", path, skip_invalid=True)

    assert "Patients registered: 1." in capsys.readouterr().out
    assert names() == {"Ana Conceição"}

    call_command("import_patients", "norte", csv_file(HEADER + BIA), dry_run=True)
    assert names() == {"Ana Conceição"}


def test_the_command_reads_standard_input(
    in_norte: ClinicRoute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((HEADER + ANA).encode())))
    call_command("import_patients", "norte", "-")
    assert names() == {"Ana Conceição"}


@pytest.mark.parametrize("clinic", ["nowhere", "norte"])
def test_a_missing_clinic_or_file_is_a_mistake_of_use(
    clinic: str, csv_file: Callable[[str], str], in_norte: ClinicRoute
) -> None:
    path = csv_file(HEADER) if clinic == "nowhere" else "/nonexistent/patients.csv"
    with pytest.raises(CommandError) as refusal:
        call_command("import_patients", clinic, path)
    assert refusal.value.returncode == 2


def test_a_wrong_header_is_a_mistake_of_use(
    in_norte: ClinicRoute, csv_file: Callable[[str], str]
) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("import_patients", "norte", csv_file("id,name\n1,Ana\n"))
    assert refusal.value.returncode == 2
