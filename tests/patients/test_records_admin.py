"""The record in the clinic's admin: it is read there, and not changed."""

from typing import Any

from django.core.files.base import ContentFile
from django.test import Client

from patients.models import ClinicalNote, Consent, ConsentText, Document
from patients.services import document_upload, note_draft, note_sign
from tenants.context import ClinicRoute, clinic_scope
from tests.patients.conftest import PDF
from tests.people import Everybody

ADMIN = "/admin/patients/"
TEXT = {"purpose": "marketing", "version": "1", "body": "Aceito."}


def rows(answer: Any) -> list[Any]:
    assert answer.status_code == 200
    return list(answer.context_data["cl"].result_list)


def reasons(answer: Any) -> str:
    """The form's errors."""
    assert answer.status_code == 200
    return str(answer.context_data["adminform"].form.errors)


def test_signed_notes_are_shown_and_drafts_are_not(
    manager: Client, people: Everybody, norte: ClinicRoute
) -> None:
    with clinic_scope(norte):
        draft, note = (
            note_draft(
                acting_user=people.norte.therapist,
                patient=people.norte.record,
                kind="evolution",
                plan="Manter a conduta.",
            )
            for _ in range(2)
        )
        note_sign(acting_user=people.norte.therapist, note=note)

    assert rows(manager.get(ADMIN + "clinicalnote/", {"q": "modelo"})) == [note]

    page = f"{ADMIN}clinicalnote/{note.pk}/change/"
    shown = manager.get(page).content.decode()

    assert "Manter a conduta." in shown
    assert "3/12345-F" in shown
    assert manager.post(page, {"plan": "Alta."}).status_code == 403
    assert manager.get(f"{ADMIN}clinicalnote/{draft.pk}/change/").status_code == 302

    with clinic_scope(norte):
        assert ClinicalNote.objects.get(pk=note.pk).plan == "Manter a conduta."


def test_texts_and_consents_are_added_and_stay(
    manager: Client, people: Everybody, norte: ClinicRoute
) -> None:
    assert manager.post(ADMIN + "consenttext/add/", TEXT).status_code == 302

    twice = manager.post(ADMIN + "consenttext/add/", TEXT)
    assert "version" in reasons(twice)

    with clinic_scope(norte):
        text = ConsentText.objects.get()

    given = {
        "patient": people.norte.record.pk,
        "text": text.pk,
        "channel": "paper",
        "given_at_0": "01/02/2026",
        "given_at_1": "10:00",
    }

    assert manager.post(ADMIN + "consent/add/", given).status_code == 302

    with clinic_scope(norte):
        consent = Consent.objects.get()

    assert consent.purpose == "marketing"

    twice = manager.post(ADMIN + "consent/add/", given)

    assert "text" in reasons(twice)
    assert rows(manager.get(ADMIN + "consent/")) == [consent]
    assert rows(manager.get(ADMIN + "consenttext/")) == [text]

    for path in (f"consent/{consent.pk}", f"consenttext/{text.pk}"):
        assert manager.get(f"{ADMIN}{path}/change/").status_code == 200
        assert manager.post(f"{ADMIN}{path}/delete/", {"post": "yes"}).status_code == 403


def test_a_consent_in_the_app_isnt_given_in_the_admin(
    manager: Client, people: Everybody, norte: ClinicRoute
) -> None:
    with clinic_scope(norte):
        text = ConsentText.objects.create(**TEXT)
    given = {"patient": people.norte.record.pk, "text": text.pk, "channel": "app"}
    moment = {"given_at_0": "01/02/2026", "given_at_1": "10:00"}
    refused = manager.post(ADMIN + "consent/add/", given | moment)
    assert "channel" in reasons(refused)


def test_documents_are_listed_without_their_files(
    manager: Client, people: Everybody, norte: ClinicRoute
) -> None:
    with clinic_scope(norte):
        document = document_upload(
            acting_user=people.norte.therapist,
            patient=people.norte.record,
            kind="exam",
            file=ContentFile(PDF, name="laudo.pdf"),
        )

    assert rows(manager.get(ADMIN + "document/")) == [document]

    page = manager.get(f"{ADMIN}document/{document.pk}/change/").content.decode()

    assert "laudo.pdf" in page
    assert "/content" not in page

    with clinic_scope(norte):
        Document.objects.update(deleted_at=document.created_at)

    assert rows(manager.get(ADMIN + "document/")) == []
