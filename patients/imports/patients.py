"""Patients from a CSV file: checked by the API's rules, written all together or not at all."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected
from rest_framework import exceptions

from accounts.models import Role, User
from core.constraints import FieldConflict
from core.errors import Conflict
from core.records import editable_fields, refuse_fields
from patients import validators
from patients.access import refuse_registration, writable_fields
from patients.constraints import RULES
from patients.errors import TherapistInactive
from patients.imports.csv_file import Columns, LineProblem, Record, read_records
from patients.models import Patient
from patients.serializers import PatientSerializer
from patients.services import patients_register
from tenants.context import clinic_transaction, current_clinic

_BATCH = 500  # lines
_CPF_UNIQUE = RULES["patients_patient_cpf_unique"]
_PHONE_FORM = RULES["patients_patient_phone_e164"]
# Headings in Portuguese, and other names, beside the field's own.
_HEADINGS = {
    "name": ("full_name", "nome", "nome_completo", "paciente"),
    "email": ("e_mail",),
    "phone": ("telefone", "celular", "fone"),
    "birth_date": ("data_nascimento", "data_de_nascimento", "nascimento"),
    "medical_history": ("historico", "historico_medico", "historico_clinico"),
    "therapist_email": (
        "email_fisioterapeuta",
        "e_mail_fisioterapeuta",
        "email_do_fisioterapeuta",
        "e_mail_do_fisioterapeuta",
        "fisioterapeuta",
    ),
}
_IMPORTED = [field for field in editable_fields(Patient) if field not in Patient.people]
COLUMNS = Columns(
    names={
        column: (column, *_HEADINGS.get(column, ())) for column in [*_IMPORTED, "therapist_email"]
    },
    required=[f.name for f in Patient._meta.fields if f.name in _IMPORTED and not f.blank],
)
_BRAZILIAN_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_WITH_COUNTRY = re.compile(r"\+.*|55[0-9]{10,11}|")


class ImportRaced(Conflict):
    """Somebody registered a patient of this file meanwhile. Nothing was written: run it again."""

    code = "import_raced"


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """Counts: lines read, lines with problems, patients written."""

    read: int
    bad: int
    written: int


@dataclass(slots=True)
class _Line:
    number: int
    patient: Patient | None
    problems: list[LineProblem]


def patients_import(
    *,
    acting_user: User | None,
    file: BinaryIO,
    dry_run: bool,
    skip_invalid: bool,
    report: Callable[[int, LineProblem], None],
    progress: Callable[[int], None],
) -> ImportSummary:
    """Register the patients of a CSV file, with the columns of COLUMNS, in the current clinic.

    All lines are read. `report` gets the number of a line and each of its problems, `progress` the
    number of lines read so far. If a line is bad nothing is written, unless `skip_invalid`; with
    `dry_run` nothing is written at all.
    Raises NotPermitted, FieldNotPermitted, UnreadableFile, ImportRaced.
    """
    read = bad = written = 0

    with clinic_transaction():
        lines = _Checker(acting_user).check(read_records(file, COLUMNS))
        for batch in _batches(lines):
            _refuse_known(batch)
            for line in batch:
                for problem in line.problems:
                    report(line.number, problem)

            good = [line.patient for line in batch if line.patient and not line.problems]
            read, bad = read + len(batch), bad + len(batch) - len(good)
            if good and not dry_run and (skip_invalid or not bad):
                _write(acting_user, good)
                written += len(good)
            progress(read)

        if bad and not skip_invalid:
            transaction.set_rollback(True, using=current_clinic().shard)
            written = 0

    return ImportSummary(read=read, bad=bad, written=written)


class _Checker:
    """Makes patients from records, as the API would, and remembers the CPFs that it has seen."""

    def __init__(self, acting_user: User | None) -> None:
        refuse_registration(acting_user)
        self._permitted = writable_fields(acting_user)
        self._serializer = PatientSerializer()
        therapists = User.objects.filter(role=Role.THERAPIST)
        self._therapists = {user.email.lower(): user for user in therapists}
        self._line_of_cpf: dict[int, int] = {}

    def check(self, records: Iterable[Record]) -> Iterator[_Line]:
        for record in records:
            patient, problems = None, [record.problem] if record.problem else []
            if not problems:
                patient, problems = self._patient_of(record)
            yield _Line(record.line, patient, problems)

    def _patient_of(self, record: Record) -> tuple[Patient | None, list[LineProblem]]:
        # In an optional column, an empty cell means the same as no column.
        values = {
            column: value
            for column, value in record.values.items()
            if value or column in COLUMNS.required
        }
        therapist_email = values.pop("therapist_email", "")
        self._refuse_columns(values, therapist_email)

        values["phone"] = re.sub(r"[ ().-]", "", values["phone"])
        values["birth_date"] = _BRAZILIAN_DATE.sub(r"\3-\2-\1", values["birth_date"])
        problems = [*self._therapist_problems(therapist_email), *_phone_problems(values["phone"])]

        patient = None
        try:
            patient = Patient(**self._serializer.run_validation(values))
            patient.clean_fields(exclude={"therapist", "user"})
            patient.therapist = self._therapists.get(therapist_email.lower())
        except exceptions.ValidationError as error:
            problems += _problems_of_rest(error)
        except ValidationError as error:
            problems += _problems_of_django(error)

        problems += self._cpf_problems(values["cpf"], record.line)
        once = {(problem.field, problem.code): problem for problem in reversed(problems)}
        return patient, list(reversed(once.values()))

    def _refuse_columns(self, values: dict[str, str], therapist_email: str) -> None:
        given = {field for field, value in values.items() if value}
        given |= {"therapist"} if therapist_email else set()
        refuse_fields(given, self._permitted)

    def _therapist_problems(self, email: str) -> Iterator[LineProblem]:
        therapist = self._therapists.get(email.lower())
        if email and therapist is None:
            reason = _("No therapist of the clinic has this e-mail.")
            yield LineProblem("therapist_email", "unknown_therapist", reason)
        elif therapist and not therapist.is_active:
            yield LineProblem("therapist_email", "inactive", TherapistInactive().detail)

    def _cpf_problems(self, text: str, line: int) -> Iterator[LineProblem]:
        cpf = validators.tidy_cpf(text)
        if not re.fullmatch(validators.CPF_STORED, cpf):
            return
        first = self._line_of_cpf.setdefault(int(cpf), line)
        if first != line:
            reason = _("Line %(line)d has the same CPF.") % {"line": first}
            yield LineProblem("cpf", "repeated", reason)


def _phone_problems(phone: str) -> Iterator[LineProblem]:
    """Stricter than the API: in a spreadsheet, 11987654321 is no number with country code 1."""
    if not _WITH_COUNTRY.fullmatch(phone):
        yield LineProblem("phone", _PHONE_FORM.code, str(_PHONE_FORM.message))


def _problems_of_rest(error: exceptions.ValidationError) -> Iterator[LineProblem]:
    detail: Any = error.detail
    for field, found in detail.items():
        for one in found:
            if field == "birth_date" and one.code == "invalid":
                reason = _("Write the date as 31/12/1990 or 1990-12-31.")
                yield LineProblem(field, one.code, reason)
            else:
                yield LineProblem(field, one.code, str(one))


def _problems_of_django(error: ValidationError) -> Iterator[LineProblem]:
    for field, found in error.error_dict.items():
        for one in found:
            yield LineProblem(field, one.code or "invalid", " ".join(one.messages))


def _refuse_known(batch: list[_Line]) -> None:
    """Add a problem to each line whose CPF a patient of the clinic already has."""
    cpfs = [line.patient.cpf for line in batch if line.patient]
    known = set(Patient.objects.alive().filter(cpf__in=cpfs).values_list("cpf", flat=True))
    for line in batch:
        if line.patient and line.patient.cpf in known:
            taken = LineProblem("cpf", _CPF_UNIQUE.code, str(_CPF_UNIQUE.message))
            line.problems.append(taken)


def _write(acting_user: User | None, patients: list[Patient]) -> None:
    try:
        patients_register(acting_user=acting_user, patients=patients)
    except FieldConflict as error:
        # Somebody else registered the patient between `_refuse_known` and this write.
        if (error.field, error.field_code) == (_CPF_UNIQUE.field, _CPF_UNIQUE.code):
            raise ImportRaced from error
        raise
    except OperationalError as error:
        if isinstance(error.__cause__, DeadlockDetected):  # another import of the same people
            raise ImportRaced from error
        raise


def _batches(lines: Iterator[_Line]) -> Iterator[list[_Line]]:
    while batch := list(islice(lines, _BATCH)):
        yield batch
