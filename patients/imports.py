"""Patients out of a CSV file: checked by the API's rules, written all together or not at all."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, router, transaction
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected
from rest_framework import exceptions

from accounts.models import Role, User
from core.constraints import constraint_of, refusal_of, rule_of
from core.errors import Conflict, FieldNotPermitted
from patients import validators
from patients.access import writable_fields
from patients.csv_file import Problem, Record, read_records
from patients.errors import TherapistInactive
from patients.models import Patient
from patients.serializers import PatientSerializer

_BATCH = 500  # lines
_CPF_UNIQUE = "patients_patient_cpf_unique"
_BRAZILIAN_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_WITH_COUNTRY = re.compile(r"\+.*|55[0-9]{10,11}|")


class ImportRaced(Conflict):
    """Somebody registered a patient of this file meanwhile. Nothing was written: run it again."""

    code = "import_raced"


@dataclass(frozen=True, slots=True)
class Summary:
    """Lines read, lines with problems, and patients written."""

    read: int
    bad: int
    written: int


@dataclass(slots=True)
class _Line:
    number: int
    patient: Patient | None
    problems: list[Problem]


def patients_import(
    *,
    acting_user: User | None,
    file: BinaryIO,
    dry_run: bool,
    skip_invalid: bool,
    report: Callable[[int, Problem], None],
    progress: Callable[[int], None],
) -> Summary:
    """Register the patients of a CSV file (patients.csv_file) in the current clinic.

    All lines are read; `report` gets a line's number and each of its problems, `progress` how many
    were read. With a bad line nothing is written, unless `skip_invalid`; with `dry_run` never.
    Raises UnreadableFile, ImportRaced, FieldNotPermitted.
    """
    read = bad = written = 0
    using = router.db_for_write(Patient)
    with transaction.atomic(using=using):
        for batch in _batches(_Checker(acting_user).check(read_records(file))):
            _refuse_known(batch)
            for line in batch:
                for problem in line.problems:
                    report(line.number, problem)
            good = [line.patient for line in batch if line.patient and not line.problems]
            read, bad = read + len(batch), bad + len(batch) - len(good)
            if good and not dry_run and (skip_invalid or not bad):
                _write(good)
                written += len(good)
            progress(read)
        if bad and not skip_invalid:
            transaction.set_rollback(True, using=using)
            written = 0
    return Summary(read=read, bad=bad, written=written)


class _Checker:
    """Makes patients of records, as the API would, and remembers the CPFs that it saw."""

    def __init__(self, acting_user: User | None) -> None:
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

    def _patient_of(self, record: Record) -> tuple[Patient | None, list[Problem]]:
        values = dict(record.values)
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
        for field in sorted(given - self._permitted):
            raise FieldNotPermitted(field)

    def _therapist_problems(self, email: str) -> Iterator[Problem]:
        therapist = self._therapists.get(email.lower())
        if email and therapist is None:
            reason = _("No therapist of the clinic has this e-mail.")
            yield Problem("therapist_email", "unknown_therapist", reason)
        elif therapist and not therapist.is_active:
            yield Problem("therapist_email", "inactive", TherapistInactive().detail)

    def _cpf_problems(self, text: str, line: int) -> Iterator[Problem]:
        cpf = validators.tidy_cpf(text)
        if not re.fullmatch(validators.CPF_STORED, cpf):
            return
        first = self._line_of_cpf.setdefault(int(cpf), line)
        if first != line:
            reason = _("Line %(line)d has the same CPF.") % {"line": first}
            yield Problem("cpf", "repeated", reason)


def _phone_problems(phone: str) -> Iterator[Problem]:
    """Stricter than the API: 11987654321 of a spreadsheet is no number of country code 1."""
    if not _WITH_COUNTRY.fullmatch(phone):
        rule = rule_of("patients_patient_phone_e164")
        yield Problem("phone", "invalid_phone", str(rule.message if rule else ""))


def _problems_of_rest(error: exceptions.ValidationError) -> Iterator[Problem]:
    detail: Any = error.detail
    for field, found in detail.items():
        for one in found:
            if field == "birth_date" and one.code == "invalid":
                reason = _("Write the date as 31/12/1990 or 1990-12-31.")
                yield Problem(field, one.code, reason)
            else:
                yield Problem(field, one.code, str(one))


def _problems_of_django(error: ValidationError) -> Iterator[Problem]:
    for field, found in error.error_dict.items():
        for one in found:
            yield Problem(field, one.code or "invalid", " ".join(one.messages))


def _refuse_known(batch: list[_Line]) -> None:
    """Add a problem to the lines whose CPF a patient of the clinic has."""
    cpfs = [line.patient.cpf for line in batch if line.patient]
    known = set(Patient.objects.alive().filter(cpf__in=cpfs).values_list("cpf", flat=True))
    rule = rule_of(_CPF_UNIQUE)
    for line in batch:
        if rule and line.patient and line.patient.cpf in known:
            line.problems.append(Problem("cpf", rule.code, str(rule.message)))


def _write(patients: list[Patient]) -> None:
    try:
        Patient.objects.bulk_create(patients)
    except IntegrityError as error:
        # Between the look and the write somebody else's patient came in.
        raise (
            ImportRaced() if constraint_of(error) == _CPF_UNIQUE else refusal_of(error)
        ) from error
    except OperationalError as error:
        if isinstance(error.__cause__, DeadlockDetected):  # another import of the same people
            raise ImportRaced from error
        raise


def _batches(lines: Iterator[_Line]) -> Iterator[list[_Line]]:
    while batch := list(islice(lines, _BATCH)):
        yield batch
