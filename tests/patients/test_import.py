"""Patients from real spreadsheets: all of a file or none, and every bad line is named."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connections
from django.utils import translation

from accounts.models import Role, User
from core.actor import acting_as_job
from core.errors import FieldNotPermitted
from patients.imports import (
    COLUMNS,
    ImportRaced,
    ImportSummary,
    LineProblem,
    UnreadableFile,
    patients_import,
)
from patients.imports import patients as imports
from patients.imports.csv_file import read_records
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tests.conftest import CPF_OF_PATIENT
from tests.people import Everybody, FreshClinic

HEADER = "name,phone,cpf,birth_date\n"
ANA = "Ana Conceição,+5511988887777,111.444.777-35,29/02/1992\n"
BIA = "Bia Souza,5521977776666,39053344705,1985-12-01\n"

pytestmark = pytest.mark.usefixtures("people")


def run(text: str | bytes, **options: Any) -> tuple[ImportSummary, list[tuple[int, str, str]]]:
    """Import into the clinic in scope; the summary, and each problem's line, field and code."""
    found: list[tuple[int, str, str]] = []

    def report(line: int, problem: LineProblem) -> None:
        assert problem.reason
        found.append((line, problem.field, problem.code))

    data = text if isinstance(text, bytes) else text.encode()
    progress: list[int] = []
    settings = {"acting_user": None, "dry_run": False, "skip_invalid": False} | options

    with translation.override("en"):
        summary = patients_import(
            file=io.BytesIO(data), report=report, progress=progress.append, **settings
        )

    assert progress[-1:] == [summary.read][: len(progress)]

    return summary, found


def names() -> set[str]:
    return set(Patient.objects.exclude(cpf=CPF_OF_PATIENT).values_list("name", flat=True))


def test_a_spreadsheet_saved_in_portuguese_is_read_as_it_is(in_norte: ClinicRoute) -> None:
    text = (
        "\ufeffNome;E-mail;Telefone;CPF;Data de nascimento;Histórico;E-mail do fisioterapeuta;;\r\n"
        '"Ana; Conceição";ana@x.example;+55 (11) 98888-7777;111.444.777-35;29/02/1992;'
        '"Lombalgia.\r\nDiz ""dor"".";Therapist@NORTE.example;;\r\n'
        ";;;;;;;;\r\n"
        "\r\n"
        "Bia Souza;;5521977776666;39053344705;1985-12-01;;;;\r\n"
    )
    summary, found = run(text)

    assert found == []
    assert summary == ImportSummary(read=2, bad=0, written=2)

    ana = Patient.objects.get(cpf="11144477735")

    assert ana.name == "Ana; Conceição"
    assert ana.phone == "+5511988887777"
    assert ana.birth_date == date(1992, 2, 29)
    assert ana.medical_history == 'Lombalgia.\r\nDiz "dor".'
    assert ana.therapist
    assert ana.therapist.email == "therapist@norte.example"
    assert Patient.objects.search("conceicao").get() == ana
    assert Patient.objects.get(cpf="39053344705").phone == "+5521977776666"


def test_one_bad_line_and_nothing_is_written(in_norte: ClinicRoute) -> None:
    summary, found = run(HEADER + ANA + "B,+5511,123,1/2/90\n" + BIA)
    assert found == [
        (3, "name", "min_length"),
        (3, "cpf", "invalid_cpf"),
        (3, "birth_date", "invalid"),
    ]
    assert summary == ImportSummary(read=3, bad=1, written=0)
    assert names() == set()


def test_with_skip_invalid_good_lines_are_written(in_norte: ClinicRoute) -> None:
    summary, _ = run(HEADER + ANA + "B,+5511,123,1/2/90\n" + BIA, skip_invalid=True)
    assert summary == ImportSummary(read=3, bad=1, written=2)
    assert names() == {"Ana Conceição", "Bia Souza"}


def test_a_dry_run_writes_nothing(in_norte: ClinicRoute) -> None:
    with patch.object(imports, "_write") as write:
        assert run(HEADER + ANA, dry_run=True)[0] == ImportSummary(read=1, bad=0, written=0)
    write.assert_not_called()
    assert names() == set()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Ana,11988887777,11144477735,1990-01-01", ("phone", "invalid_phone")),
        ("Ana,telefone,11144477735,1990-01-01", ("phone", "invalid_phone")),
        ("Ana,,11144477735,1990-01-01", ("phone", "blank")),
        ("Ana,+5511988887777,,1990-01-01", ("cpf", "blank")),
        ("Ana,+5511988887777,1144477735,1990-01-01", ("cpf", "invalid_cpf")),
        ("Ana,+5511988887777,11144477735,31/02/1990", ("birth_date", "invalid")),
        ("Ana,+5511988887777,11144477735,1990-1-1", ("birth_date", "invalid")),
        ("Ana,+5511988887777,11144477735,01/01/2999", ("birth_date", "in_future")),
        ("Ana,+5511988887777,11144477735,1899-12-31", ("birth_date", "too_early")),
        ("An\x1ba,+5511988887777,11144477735,1990-01-01", ("name", "control_character")),
        (f"{'A' * 101},+5511988887777,11144477735,1990-01-01", ("name", "max_length")),
        (f"Ana,+5511988887777,{CPF_OF_PATIENT},1990-01-01", ("cpf", "unique")),
        ("Ana,+5511988887777,11144477735", ("", "columns")),
        ("Ana,+5511988887777,11144477735,1990-01-01,more", ("", "columns")),
        ('Ana "a" B",+5511988887777,11144477735,1990-01-01', None),  # quotes inside are letters
        ('"Ana" B,+5511988887777,11144477735,1990-01-01', ("", "malformed")),
    ],
)
def test_a_bad_line_is_named_with_field_and_reason(
    in_norte: ClinicRoute, line: str, expected: tuple[str, str] | None
) -> None:
    summary, found = run(HEADER + BIA + line + "\n")
    assert found == ([(3, *expected)] if expected else [])
    assert summary.read == 2


def test_a_null_character_is_refused_in_every_column(in_norte: ClinicRoute) -> None:
    header = HEADER.strip() + ",email,medical_history,therapist_email\n"
    values = [*ANA.strip().split(","), "ana@x.example", "Lombalgia.", "therapist@norte.example"]
    for index, column in enumerate(header.strip().split(",")):
        spoilt = [v[:3] + "\0" + v[3:] if i == index else v for i, v in enumerate(values)]
        summary, found = run(header + ",".join(spoilt) + "\n")
        assert summary.bad == 1
        assert {field for _, field, _ in found} == {column}


def test_other_encodings_cost_their_own_line_only(in_norte: ClinicRoute) -> None:
    latin = "José,+5511988887777,11144477735,1990-01-01\n".encode("latin-1")
    surrogate = b"Jo\xed\xa0\x80o,+5511988887777,52998224725,1990-01-01\n"
    summary, found = run(HEADER.encode() + latin + surrogate + BIA.encode(), skip_invalid=True)
    assert found == [(2, "name", "encoding"), (3, "name", "encoding")]
    assert summary.written == 1
    assert names() == {"Bia Souza"}


def test_the_same_cpf_twice_in_the_file(in_norte: ClinicRoute) -> None:
    again = "Ana C.,+5511988887777,11144477735,1992-02-29\n"
    summary, found = run(HEADER + ANA + BIA + again, skip_invalid=True)
    assert found == [(4, "cpf", "repeated")]
    assert summary.written == 2


def test_a_deleted_patients_cpf_is_free(in_norte: ClinicRoute, people: Everybody) -> None:
    run(HEADER + ANA)
    Patient.objects.filter(cpf="11144477735").update(deleted_at="2026-01-01T00:00:00Z")
    assert run(HEADER + ANA)[0].written == 1


def test_a_quote_that_is_never_closed_takes_the_rest_of_the_file(in_norte: ClinicRoute) -> None:
    summary, found = run(HEADER + ANA + '"Bia,+55\n' + BIA * 3)
    assert found == [(3, "", "malformed")]
    assert (summary.read, summary.bad) == (2, 1)
    record = next(read_records(io.BytesIO((HEADER + '"Bia\n' + BIA).encode()), COLUMNS))
    assert record.problem
    assert "3" in record.problem.reason  # the last line that wasn't read


def test_5001_characters_are_too_many(in_norte: ClinicRoute) -> None:
    header = HEADER.strip() + ",medical_history\n"
    longest = ANA.strip() + f",{'á' * 5000}\n"
    too_long = BIA.strip() + f",{'á' * 5001}\n"
    summary, found = run(header + longest + too_long, skip_invalid=True)
    assert found == [(3, "medical_history", "max_length")]
    assert summary.written == 1


def test_only_the_clinics_own_active_therapists_count(
    in_norte: ClinicRoute, people: Everybody
) -> None:
    header = HEADER.strip() + ",therapist_email\n"

    for email in ("therapist@sul.example", "owner@norte.example", "nobody"):
        _, found = run(header + ANA.strip() + f",{email}\n")
        assert found == [(2, "therapist_email", "unknown_therapist")]
    User.objects.filter(role=Role.THERAPIST).update(is_active=False)
    _, found = run(header + ANA.strip() + ",therapist@norte.example\n")

    assert found == [(2, "therapist_email", "inactive")]


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"\n",
        b"\xef\xbb\xbf",
        "Ana Conceição,+5511988887777,111.444.777-35,29/02/1992\n".encode(),
        b"name,phone,cpf\n",
        b"name,phone,cpf,birth_date,shoe_size\n",
        b"name,phone,cpf,birth_date,nome\n",
        b"name,phone,cpf,birth_date,,email\n",
        b'name,"phone,cpf,birth_date\n',
        (HEADER + ANA).encode("utf-16"),
        "nome;telefone;cpf;nascimento;histórico\n".encode("latin-1"),
        b"\x00" * 2_000_000,
        HEADER.encode() + b"A" * 2_000_000,
    ],
)
def test_a_file_that_is_no_csv_of_patients_is_refused_as_a_whole(
    in_norte: ClinicRoute, file: bytes
) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        run(file)
    assert "Ana" not in str(refusal.value)
    assert "11144" not in str(refusal.value)


def test_a_file_with_only_a_header_is_an_empty_list(in_norte: ClinicRoute) -> None:
    assert run(HEADER) == (ImportSummary(read=0, bad=0, written=0), [])
    assert run(HEADER.strip()) == (ImportSummary(read=0, bad=0, written=0), [])


def test_reception_imports_people_but_no_medical_history(
    in_norte: ClinicRoute, people: Everybody
) -> None:
    reception = people.norte.receptionist

    assert run(HEADER + ANA, acting_user=reception)[0].written == 1
    with pytest.raises(FieldNotPermitted):
        run(
            HEADER.strip() + ",medical_history\n" + BIA.strip() + ",Lombalgia.\n",
            acting_user=reception,
        )

    assert names() == {"Ana Conceição"}


def test_somebody_registers_the_same_person_meanwhile(fresh_clinic: FreshClinic) -> None:
    look = imports._refuse_known

    def registered_after_the_look(batch: Any) -> None:
        look(batch)
        if any(line.patient.cpf == "39053344705" for line in batch):
            with_other_connection(fresh_clinic.route)

    lines = HEADER + ANA + BIA

    with (
        clinic_scope(fresh_clinic.route),
        patch.object(imports, "_refuse_known", registered_after_the_look),
        patch.object(imports, "_BATCH", 1),
        pytest.raises(ImportRaced),
    ):
        run(lines)

    with clinic_scope(fresh_clinic.route):
        assert names() == {"Bia Rápida"}


def with_other_connection(route: ClinicRoute) -> None:
    def register() -> None:
        with clinic_scope(route), acting_as_job("tests"):
            Patient.objects.create(
                name="Bia Rápida", phone="+5511", cpf="39053344705", birth_date="1985-12-01"
            )
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(register).result()
