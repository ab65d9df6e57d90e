"""Everything that can happen to a clinical note: it is written, signed, cosigned, amended.

Triggers in the database hold the same rule: a signed row takes the supervisor's signature once, and
nothing else.
"""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from accounts.models import User
from core.records import check, refuse_fields, save_new, swap
from patients.access import refuse_clinical
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
    """Begin a draft by `acting_user`, with `subjective`, `objective`, `assessment` and `plan`.

    Raises NotPermitted, FieldNotPermitted, ValidationError (fields).
    """
    refuse_clinical(acting_user)
    return _insert(ClinicalNote(patient=patient, kind=kind, author=acting_user), sections)


def note_revise(
    *, acting_user: User, note: ClinicalNote, changes: Mapping[str, Any]
) -> ClinicalNote:
    """Change the sections or the kind of a draft. An amendment keeps its kind.

    Raises NotPermitted, NotTheAuthor, FieldNotPermitted, ValidationError (fields), NoteSigned.
    """
    _refuse_others(note, acting_user)
    refuse_fields(changes, {*SECTIONS, "kind"} if note.amends_id is None else SECTIONS)
    if not changes:
        return note

    for field, value in changes.items():
        setattr(note, field, value)
    check(note, only=changes.keys())
    return _change_draft(note, changes)


def note_discard(*, acting_user: User, note: ClinicalNote) -> None:
    """Discard a draft. The row is kept. Raises NotPermitted, NotTheAuthor, NoteSigned."""
    _refuse_others(note, acting_user)
    _change_draft(note, {"deleted_at": timezone.now()})


def note_sign(*, acting_user: User, note: ClinicalNote) -> ClinicalNote:
    """Sign a draft for good, with the author's present name and CREFITO number.

    An intern's note then awaits their supervisor's signature. Raises NotPermitted, NotTheAuthor,
    NoteSigned, NoteEmpty, CrefitoMissing.
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

    return _change_draft(note, signature)


def note_cosign(*, acting_user: User, note: ClinicalNote) -> ClinicalNote:
    """Add the supervisor's signature to an intern's signed note.

    Either the supervisor at signing or the present one may sign: interns change supervisors.
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
    swap(note, signature, among=waiting, otherwise=lambda: NoSignaturePending(note=note.pk))
    return note


def note_amend(*, acting_user: User, note: ClinicalNote, **sections: str) -> ClinicalNote:
    """Begin a draft that corrects a signed note, and is read beside it.

    Raises what `note_draft` raises, NotTheAuthor and NoteNotSigned.
    """
    _refuse_others(note, acting_user)
    if note.signed_at is None:
        raise NoteNotSigned(note=note.pk)

    amendment = ClinicalNote(patient=note.patient, kind=note.kind, author=acting_user, amends=note)
    return _insert(amendment, sections)


def _refuse_others(note: ClinicalNote, acting_user: User) -> None:
    refuse_clinical(acting_user)
    if note.author_id != acting_user.pk:
        raise NotTheAuthor(note=note.pk)


def _insert(note: ClinicalNote, sections: Mapping[str, str]) -> ClinicalNote:
    refuse_fields(sections, SECTIONS)
    for section, text in sections.items():
        setattr(note, section, text)

    save_new(note)
    return note


def _change_draft(note: ClinicalNote, changes: Mapping[str, Any]) -> ClinicalNote:
    """Write the changes unless somebody signed the note since it was read."""
    drafts = ClinicalNote.objects.drafts()
    swap(note, changes, among=drafts, otherwise=lambda: NoteSigned(note=note.pk))
    return note
