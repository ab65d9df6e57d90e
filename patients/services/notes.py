"""Everything that can happen to a clinical note: written, signed, signed again, amended.

The database holds the same line (migration 0003): a signed row takes one supervisor's signature,
and nothing else.
"""

from collections.abc import Mapping
from typing import Any

from django.db import router, transaction
from django.utils import timezone

from accounts.models import User
from core.constraints import refusals
from core.errors import FieldNotPermitted
from patients.choices import NoteStatus
from patients.constraints.notes import SECTIONS
from patients.errors import (
    CrefitoMissing,
    NoSignaturePending,
    NoteEmpty,
    NoteNotSigned,
    NoteSigned,
    NotTheAuthor,
    NotTheSupervisor,
)
from patients.models import ClinicalNote, Patient


def note_draft(*, acting_user: User, patient: Patient, kind: str, **sections: str) -> ClinicalNote:
    """A new draft of `acting_user`: `subjective`, `objective`, `assessment`, `plan`.

    Raises ValidationError (fields), FieldNotPermitted.
    """
    return _insert(ClinicalNote(patient=patient, kind=kind, author=acting_user), sections)


def note_revise(
    *, acting_user: User, note: ClinicalNote, changes: Mapping[str, Any]
) -> ClinicalNote:
    """Change the sections or the kind of a draft. An amendment keeps its kind.

    Raises ValidationError (fields), FieldNotPermitted, NotTheAuthor, NoteSigned.
    """
    _refuse_others(note, acting_user)
    _refuse_fields(changes, {*SECTIONS, "kind"} if note.amends_id is None else {*SECTIONS})
    if not changes:
        return note
    for field, value in changes.items():
        setattr(note, field, value)
    unchanged = {field.name for field in ClinicalNote._meta.fields} - changes.keys()
    note.full_clean(exclude=unchanged, validate_unique=False, validate_constraints=False)
    return _swap(note, changes)


def note_discard(*, acting_user: User, note: ClinicalNote) -> None:
    """Put a draft away; the row is kept. Raises NotTheAuthor, NoteSigned."""
    _refuse_others(note, acting_user)
    _swap(note, {"deleted_at": timezone.now()})


def note_sign(*, acting_user: User, note: ClinicalNote) -> ClinicalNote:
    """Sign a draft for good, with the author's name and CREFITO number as they are now.

    An intern's note then awaits their supervisor's signature. Raises NotTheAuthor, NoteSigned,
    NoteEmpty, CrefitoMissing.
    """
    _refuse_others(note, acting_user)
    if note.signed_at is not None:
        raise NoteSigned(note=note.pk)
    if note.is_empty:
        raise NoteEmpty(note=note.pk)
    if not acting_user.crefito and not acting_user.is_intern:
        raise CrefitoMissing
    signature = {
        "author_name": acting_user.full_name,
        "author_crefito": acting_user.crefito,
        "supervisor": acting_user.supervisor,
        "signed_at": timezone.now(),
    }
    return _swap(note, signature)


def note_cosign(*, acting_user: User, note: ClinicalNote) -> ClinicalNote:
    """Add the supervisor's signature to an intern's signed note.

    The supervisor is who was it at signing, or who is it now: an intern may pass on to another.
    Raises NoSignaturePending, NotTheSupervisor.
    """
    if note.status != NoteStatus.AWAITING_SUPERVISOR:
        raise NoSignaturePending(note=note.pk)
    if acting_user.pk not in {note.supervisor_id, note.author.supervisor_id}:
        raise NotTheSupervisor
    if not acting_user.may_supervise:
        raise NotTheSupervisor
    signature = {
        "supervisor": acting_user,
        "supervisor_name": acting_user.full_name,
        "supervisor_crefito": acting_user.crefito,
        "cosigned_at": timezone.now(),
    }
    waiting = ClinicalNote.objects.in_status(NoteStatus.AWAITING_SUPERVISOR)
    return _swap(note, signature, among=waiting, otherwise=NoSignaturePending)


def note_amend(*, acting_user: User, note: ClinicalNote, **sections: str) -> ClinicalNote:
    """A draft that corrects a signed note, beside which it will be read.

    Raises like `note_draft`, NotTheAuthor, NoteNotSigned.
    """
    _refuse_others(note, acting_user)
    if note.signed_at is None:
        raise NoteNotSigned(note=note.pk)
    amendment = ClinicalNote(patient=note.patient, kind=note.kind, author=acting_user, amends=note)
    return _insert(amendment, sections)


def _refuse_others(note: ClinicalNote, acting_user: User) -> None:
    if note.author_id != acting_user.pk:
        raise NotTheAuthor(note=note.pk)


def _refuse_fields(given: Mapping[str, Any], allowed: set[str]) -> None:
    for field in sorted(given.keys() - allowed):
        raise FieldNotPermitted(field)


def _insert(note: ClinicalNote, sections: Mapping[str, str]) -> ClinicalNote:
    _refuse_fields(sections, {*SECTIONS})
    for section, text in sections.items():
        setattr(note, section, text)
    note.full_clean(validate_unique=False, validate_constraints=False)
    with refusals(), transaction.atomic(using=router.db_for_write(ClinicalNote)):
        note.save(force_insert=True)
    return note


def _swap(
    note: ClinicalNote,
    changes: Mapping[str, Any],
    *,
    among: Any = None,
    otherwise: type[NoteSigned | NoSignaturePending] = NoteSigned,
) -> ClinicalNote:
    """Write the changes if nobody signed the note since it was read."""
    rows = ClinicalNote.objects.drafts() if among is None else among
    now = timezone.now()
    with refusals(), transaction.atomic(using=router.db_for_write(ClinicalNote)):
        if not rows.filter(pk=note.pk).update(**changes, updated_at=now):
            raise otherwise(note=note.pk)
    for field, value in {**changes, "updated_at": now}.items():
        setattr(note, field, value)
    return note
