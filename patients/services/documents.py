"""Everything that can happen to a document: stored, scanned, shared, opened by link, deleted."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import User
from core.actor import identify
from core.api.parsers import PayloadTooLarge
from core.records import check, insert, mark_deleted, save_changes
from patients.access import refuse_clinical, refuse_deletion, refuse_people
from patients.choices import ScanStatus
from patients.constraints.documents import NAME_LENGTH
from patients.errors import DocumentNotClean, InvalidLink, UnsupportedFile
from patients.file_types import HEAD, content_type_of, tidy_file_name
from patients.models import Document, Patient
from patients.scanning import configured_scanner
from tenants.context import current_clinic

_SALT = "patients.documents.link"
_CHANGEABLE = frozenset({"kind", "shared_with_patient"})


def document_upload(
    *,
    acting_user: User,
    patient: Patient,
    kind: str,
    file: "File[bytes]",
    shared_with_patient: bool = False,
) -> Document:
    """Store a file, in quarantine until a scanner has found it clean.

    The first bytes prove the type. The file is written first and its row after it, in a transaction
    of its own (a bigger one could still be rolled back), so that no row lacks its file. If the row
    is refused, the file is deleted. Raises NotPermitted, PayloadTooLarge, UnsupportedFile,
    ValidationError (fields).
    """
    refuse_clinical(acting_user)
    if (file.size or 0) > settings.DOCUMENT_MAX_BYTES:
        raise PayloadTooLarge(limit=settings.DOCUMENT_MAX_BYTES)

    content_type, size, sha256 = _measure(file)
    document = Document(
        patient=patient,
        kind=kind,
        name=tidy_file_name(file.name or "", content_type, NAME_LENGTH),
        content_type=content_type,
        size=size,
        sha256=sha256,
        shared_with_patient=shared_with_patient,
        uploaded_by=acting_user,
    )
    check(document)

    kept = default_storage.save(document.path, file)
    try:
        insert(document, durable=True)
    except BaseException:
        default_storage.delete(kept)
        raise

    return document


def document_update(
    *, acting_user: User | None, document: Document, changes: Mapping[str, Any]
) -> Document:
    """Change the kind of a document, or whether its patient sees it.

    Raises NotPermitted, FieldNotPermitted, ValidationError (fields).
    """
    refuse_clinical(acting_user)
    save_changes(document, changes, editable=_CHANGEABLE)
    return document


def document_delete(*, acting_user: User | None, document: Document) -> None:
    """Hide a document from the record. Its row and its file are kept.

    Deleting twice changes nothing. Raises DeletionNotPermitted.
    """
    refuse_deletion(acting_user)
    mark_deleted(document, among=Document.objects.alive())


def document_scan(*, acting_user: User | None, document: Document) -> Document:
    """Let the configured scanner judge a quarantined document. Only the system may.

    Raises NotPermitted, ScannerUnavailable.
    """
    refuse_people(acting_user)
    with default_storage.open(document.path) as file:
        verdict = configured_scanner().scan(file.chunks())
    now = timezone.now()
    outcome = {
        "status": ScanStatus.CLEAN if verdict.clean else ScanStatus.INFECTED,
        "scan_report": verdict.report[:200],
        "scanned_at": now,
        "updated_at": now,
    }

    # Two workers may scan one document: the first verdict stands.
    if Document.objects.waiting().filter(pk=document.pk).update(**outcome):
        for field, value in outcome.items():
            setattr(document, field, value)

    return document


def document_link(*, acting_user: User, document: Document) -> str:
    """A token that opens this document, for this person, in this clinic, for a short time.

    The caller has checked that the person may see the document. Raises DocumentNotClean.
    """
    if document.status != ScanStatus.CLEAN:
        raise DocumentNotClean(document=document.pk)

    bound_to = [str(current_clinic().clinic_id), str(acting_user.pk), str(document.pk)]
    return signing.dumps(bound_to, salt=_SALT)


def document_of_link(*, document_id: UUID, token: str) -> Document:
    """The document that the token opens, if its person may still see it. Raises InvalidLink."""
    try:
        bound_to = signing.loads(token, salt=_SALT, max_age=settings.DOCUMENT_LINK_SECONDS)
        clinic_id, user_id, bound_document = bound_to
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise InvalidLink from error

    if [clinic_id, bound_document] != [str(current_clinic().clinic_id), str(document_id)]:
        raise InvalidLink
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise InvalidLink

    identify(str(user.pk), str(user))
    seen = Document.objects.alive().visible_to(user).filter(status=ScanStatus.CLEAN)
    document = seen.filter(pk=document_id).first()
    if document is None:
        raise InvalidLink

    return document


def _measure(file: "File[bytes]") -> tuple[str, int, str]:
    """Type, size in bytes and SHA-256 of the content itself."""
    file.seek(0)
    content_type = content_type_of(file.read(HEAD))
    if content_type is None:
        raise UnsupportedFile

    digest, size = hashlib.sha256(), 0
    for chunk in file.chunks():  # read from the start again
        digest.update(chunk)
        size += len(chunk)

    file.seek(0)
    return content_type, size, digest.hexdigest()
