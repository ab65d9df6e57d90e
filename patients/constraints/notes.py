"""Rules of clinical notes that the database holds: who signs, and that no signed note changes.

The last three are triggers, written in a migration.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from core.constraints import Rule
from patients.choices import NoteKind

SECTIONS = ("subjective", "objective", "assessment", "plan")
SECTION_LENGTH = 10_000  # characters
_TOO_LONG = _("A section of a note has at most 10,000 characters.")

RULES = {
    **{
        f"patients_clinicalnote_{section}_length": Rule(section, "max_length", _TOO_LONG)
        for section in SECTIONS
    },
    "patients_clinicalnote_kind_known": Rule(
        "kind", "invalid_choice", _("There is no such kind of note.")
    ),
    "patients_clinicalnote_signed_by_somebody": Rule(
        "", "signature_incomplete", _("A signature needs the author's name.")
    ),
    "patients_clinicalnote_signed_with_content": Rule(
        "", "note_empty", _("Write something before you sign."), 409
    ),
    "patients_clinicalnote_signed_with_crefito": Rule(
        "",
        "crefito_missing",
        _("Only a person with a CREFITO number or a supervisor may sign."),
        409,
    ),
    "patients_clinicalnote_cosigned_whole": Rule(
        "", "signature_incomplete", _("A supervisor's signature needs their name and CREFITO.")
    ),
    "patients_clinicalnote_supervisor_other": Rule(
        "supervisor", "invalid", _("Nobody is their own supervisor.")
    ),
    "patients_clinicalnote_discarded_unsigned": Rule(
        "", "note_signed", _("A signed note can't be changed. Write an amendment."), 409
    ),
    "patients_clinicalnote_unchanged": Rule(
        "", "note_signed", _("A signed note can't be changed. Write an amendment."), 409
    ),
    "patients_clinicalnote_kept": Rule("", "kept", _("A signed note is kept for good."), 409),
    "patients_clinicalnote_amends_own_signed": Rule(
        "amends",
        "invalid",
        _("An amendment belongs to a signed note of the same author, patient and kind."),
    ),
}


def note_constraints() -> list[models.BaseConstraint]:
    """The constraints of `patients_clinicalnote`."""
    unsigned, signed = Q(signed_at=None), Q(signed_at__isnull=False)
    written = Q()
    for section in SECTIONS:
        written |= Q((f"{section}__regex", "[^[:space:]]"))
    cosigned = signed & Q(cosigned_at__isnull=False, supervisor__isnull=False)

    checks = {
        f"patients_clinicalnote_{section}_length": Q(
            models.lookups.LessThanOrEqual(Length(section), SECTION_LENGTH)
        )
        for section in SECTIONS
    } | {
        "patients_clinicalnote_kind_known": Q(kind__in=NoteKind.values),
        "patients_clinicalnote_signed_by_somebody": signed & ~Q(author_name="")
        | unsigned & Q(author_name="", author_crefito="", supervisor=None),
        "patients_clinicalnote_signed_with_content": unsigned | written,
        "patients_clinicalnote_signed_with_crefito": unsigned
        | ~Q(author_crefito="")
        | Q(supervisor__isnull=False),
        "patients_clinicalnote_cosigned_whole": cosigned
        & ~Q(supervisor_name="")
        & ~Q(supervisor_crefito="")
        | Q(cosigned_at=None, supervisor_name="", supervisor_crefito=""),
        "patients_clinicalnote_supervisor_other": Q(supervisor=None) | ~Q(supervisor=F("author")),
        "patients_clinicalnote_discarded_unsigned": Q(deleted_at=None) | unsigned,
    }

    return [models.CheckConstraint(condition=rule, name=name) for name, rule in checks.items()]
