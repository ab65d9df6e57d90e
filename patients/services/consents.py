"""Everything that can happen to a consent: it is given, and perhaps withdrawn."""

from datetime import datetime
from typing import Any

from django.db import router, transaction
from django.utils import timezone

from accounts.models import Role, User
from core.constraints import refusals
from patients.choices import Channel
from patients.errors import ChannelNotPermitted, ConsentWithdrawn
from patients.models import Consent, ConsentText, Patient


def consent_text_create(*, purpose: str, version: str, body: str) -> ConsentText:
    """The words of a new version, which nobody can change any more.

    Raises ValidationError (fields), or FieldConflict when the version is taken.
    """
    text = ConsentText(purpose=purpose, version=version, body=body)
    _insert(text)
    return text


def consent_give(
    *,
    acting_user: User | None,
    patient: Patient,
    text: ConsentText,
    channel: str,
    given_at: datetime | None = None,
) -> Consent:
    """Record that a patient agreed to a text; `given_at` is now unless said otherwise.

    Raises ValidationError (fields), ChannelNotPermitted, or FieldConflict `consent_open` while the
    patient's consent to the purpose is in force: to agree to a new version, withdraw it first.
    """
    by_patient = acting_user is not None and acting_user.role == Role.PATIENT
    if acting_user is not None and by_patient != (channel == Channel.APP):
        raise ChannelNotPermitted
    consent = Consent(
        patient=patient, text=text, channel=channel, given_at=given_at or timezone.now()
    )
    _insert(consent)
    return consent


def consent_withdraw(*, consent: Consent) -> Consent:
    """End a consent now. Raises ConsentWithdrawn."""
    now = timezone.now()
    with refusals(), transaction.atomic(using=router.db_for_write(Consent)):
        rows = Consent.objects.in_force().filter(pk=consent.pk)
        if not rows.update(withdrawn_at=now, updated_at=now):
            raise ConsentWithdrawn(consent=consent.pk)
    consent.withdrawn_at = consent.updated_at = now
    return consent


def _insert(record: Any) -> None:
    # Constraints are the database's to judge: asking it first would only race with others.
    record.full_clean(validate_unique=False, validate_constraints=False)
    with refusals(), transaction.atomic(using=router.db_for_write(type(record))):
        record.save(force_insert=True)
