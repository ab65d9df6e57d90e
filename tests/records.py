"""The endpoint table's patient record: what there is in norte, and what is sent."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Role
from accounts.services import user_create
from patients.models import ClinicalNote, Document
from patients.services import (
    consent_give,
    consent_text_create,
    document_link,
    document_scan,
    document_upload,
    note_draft,
    note_sign,
)
from tenants.context import clinic_scope
from tests.people import People

NORTES_SECRET = "Somente Do Norte"


def records(people: People) -> dict[str, str]:
    """The patient's record: notes in every state, a consent, a document that is shared."""
    begin = partial(note_draft, patient=people.record, kind="evolution", plan=NORTES_SECRET)
    intern = user_create(
        acting_user=None,
        email="intern@norte.example",
        full_name="Intern Norte",
        role=Role.THERAPIST,
        supervisor=people.therapist,
    )

    notes: list[ClinicalNote] = [
        note_sign(acting_user=author, note=begin(acting_user=author))
        for author in (people.therapist, intern)
    ]
    draft = str(begin(acting_user=people.therapist).pk)

    marketing, research = (
        consent_text_create(acting_user=None, purpose=purpose, version="1", body=NORTES_SECRET)
        for purpose in ("marketing", "research")
    )
    consent = consent_give(
        acting_user=people.owner, patient=people.record, text=marketing, channel="paper"
    )

    document = document_upload(
        acting_user=people.owner,
        patient=people.record,
        kind="exam",
        file=ContentFile(b"%PDF-1.7", name=f"{NORTES_SECRET}.pdf"),
        shared_with_patient=True,
    )
    document_scan(acting_user=None, document=document)

    signed = str(notes[0].pk)
    return {
        "notes": signed,
        "PATCH notes/<id>": draft,
        "DELETE notes/<id>": draft,
        "POST notes/<id>/sign": draft,
        "POST notes/<id>/cosign": str(notes[1].pk),
        "consent-texts": str(marketing.pk),
        "consents": str(consent.pk),
        "documents": str(document.pk),
        "research": str(research.pk),
        "patients/clinicalnote": signed,
        "patients/consent": str(consent.pk),
        "patients/consenttext": str(marketing.pk),
        "patients/document": str(document.pk),
    }


def _always(body: dict[str, Any]) -> Callable[[Any, str, str], Any]:
    def same(place: Any, asker: str, refresh: str) -> Any:
        return body

    return same


def _note(place: Any, asker: str, refresh: str) -> dict[str, Any]:
    return {"patient": place.ids["patients"], "kind": "evolution", "subjective": "Sem dor."}


def _consent(place: Any, asker: str, refresh: str) -> dict[str, Any]:
    channel = "app" if asker == "patient" else "paper"
    return {"patient": place.ids["patients"], "text": place.ids["research"], "channel": channel}


def _document(place: Any, asker: str, refresh: str) -> dict[str, Any]:
    file = SimpleUploadedFile("laudo.pdf", b"%PDF-1.7", "application/pdf")
    return {"patient": place.ids["patients"], "kind": "exam", "file": file}


def _link(place: Any, asker: str, refresh: str) -> dict[str, Any]:
    """The asker's own link; strangers have none, and elsewhere they have norte's owner's."""
    holder = place.people.norte.owner if asker == "elsewhere" else place.person(asker)
    if holder is None or asker == "outsider":
        return {}
    with clinic_scope(place.norte):
        document = Document.objects.get(pk=place.ids["documents"])
        return {"token": document_link(acting_user=holder, document=document)}


RECORD_BODIES: dict[str, Callable[[Any, str, str], Any]] = {
    "POST notes": _note,
    "PATCH notes/<id>": _always({"plan": "Alta."}),
    "POST notes/<id>/amend": _always({"plan": "Alta."}),
    "POST consent-texts": _always({"purpose": "messaging", "version": "1", "body": "Sim."}),
    "POST consents": _consent,
    "POST documents": _document,
    "PATCH documents/<id>": _always({"kind": "report"}),
    "GET documents/<id>/content": _link,
}
