"""Who may do what: the services ask, whoever calls them; and each field has one kind."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.files.base import ContentFile

from accounts.models import Role, User
from core.errors import NotPermitted
from core.records import editable_fields
from patients.access import (
    CLINICAL_FIELDS,
    PERSONAL_FIELDS,
    SIGN_IN_FIELDS,
    hidden_fields,
    writable_fields,
)
from patients.admin import PatientAdmin
from patients.models import ConsentText, Document, Patient
from patients.serializers import PatientSerializer
from patients.services import (
    consent_give,
    consent_text_create,
    document_scan,
    document_update,
    document_upload,
    note_discard,
    note_draft,
    note_revise,
    note_sign,
    patient_draft,
    patients_register,
)
from tenants.context import ClinicRoute
from tests.patients.conftest import PDF
from tests.people import Everybody

# Each service, the roles that it refuses, and the arguments.
REFUSALS: list[tuple[Callable[..., Any], list[str], dict[str, Any]]] = [
    (patient_draft, ["therapist", "patient", "auditor"], {"name": "Ana"}),
    (patients_register, ["therapist", "patient", "auditor"], {"patients": []}),
    (note_draft, ["receptionist", "patient", "auditor"], {"kind": "evolution"}),
    (
        consent_text_create,
        ["receptionist", "therapist"],
        {"purpose": "x", "version": "", "body": ""},
    ),
    (
        document_update,
        ["receptionist", "patient", "auditor"],
        {"document": Document(), "changes": {}},
    ),
    (document_scan, ["owner", "therapist"], {"document": Document()}),
]


@pytest.mark.parametrize(
    ("service", "role", "arguments"),
    [(service, role, rest) for service, roles, rest in REFUSALS for role in roles],
)
def test_a_service_refuses_the_roles_that_may_not(
    in_norte: ClinicRoute,
    people: Everybody,
    service: Callable[..., Any],
    role: str,
    arguments: dict[str, Any],
) -> None:
    call = partial(service, acting_user=getattr(people.norte, role), **arguments)

    with pytest.raises(NotPermitted):
        call(patient=people.norte.record) if service is note_draft else call()


def test_an_author_who_left_the_clinicians_leaves_their_drafts(
    in_norte: ClinicRoute, people: Everybody
) -> None:
    author = people.norte.therapist
    draft = note_draft(acting_user=author, patient=people.norte.record, kind="evolution")
    User.objects.filter(pk=author.pk).update(role=Role.RECEPTIONIST)
    former = User.objects.get(pk=author.pk)

    for write in (note_sign, note_discard, partial(note_revise, changes={"plan": "Repouso."})):
        with pytest.raises(NotPermitted):
            write(acting_user=former, note=draft)


def test_reception_keeps_no_documents(in_norte: ClinicRoute, people: Everybody) -> None:
    with pytest.raises(NotPermitted):
        document_upload(
            acting_user=people.norte.receptionist,
            patient=people.norte.record,
            kind="exam",
            file=ContentFile(PDF, name="laudo.pdf"),
        )


def test_consents_are_recorded_by_the_staff_and_by_the_patient_themselves(
    in_norte: ClinicRoute, people: Everybody, a_patient: Callable[..., Patient]
) -> None:
    other = a_patient()

    for person, patient in ((people.norte.patient, other), (people.norte.auditor, other)):
        with pytest.raises(NotPermitted):
            consent_give(acting_user=person, patient=patient, text=ConsentText(), channel="app")


@pytest.mark.without_database
def test_every_field_is_of_one_kind() -> None:
    kinds = [PERSONAL_FIELDS, SIGN_IN_FIELDS, CLINICAL_FIELDS]

    assert sorted(field for kind in kinds for field in kind) == sorted(editable_fields(Patient))
    assert {"medical_history"} == CLINICAL_FIELDS


@pytest.mark.without_database
def test_admin_and_api_show_every_field() -> None:
    in_admin = {field for _, options in PatientAdmin.fieldsets for field in options["fields"]}

    assert in_admin == {*editable_fields(Patient), "created_at", "updated_at"}
    assert set(PatientSerializer.Meta.fields) == in_admin | {"id"}


def test_reception_never_sees_a_clinical_field(people: Everybody) -> None:
    reception = people.norte.receptionist

    assert hidden_fields(reception) == CLINICAL_FIELDS
    assert not writable_fields(reception) & CLINICAL_FIELDS
