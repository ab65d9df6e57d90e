"""Everything that can happen to a consent: it is given, and perhaps withdrawn."""

from datetime import datetime

from django.utils import timezone

from accounts.models import Role, User
from core.records import save_new, swap
from patients.access import refuse_consent, refuse_consent_texts
from patients.choices import Channel
from patients.errors import ChannelNotPermitted, ConsentWithdrawn
from patients.models import Consent, ConsentText, Patient


def consent_text_create(
    *, acting_user: User | None, purpose: str, version: str, body: str
) -> ConsentText:
    """Add a version of a text. It can't be changed afterwards.

    Raises NotPermitted, ValidationError (fields), or FieldConflict when the version is taken.
    """
    refuse_consent_texts(acting_user)
    text = ConsentText(purpose=purpose, version=version, body=body)
    save_new(text)
    return text


def consent_give(
    *,
    acting_user: User | None,
    patient: Patient,
    text: ConsentText,
    channel: str,
    given_at: datetime | None = None,
) -> Consent:
    """Record that a patient agreed to a text; `given_at` is now by default.

    Raises NotPermitted, ChannelNotPermitted, ValidationError (fields), or FieldConflict
    `consent_open` while the patient's consent to the purpose is in force: to agree to a new
    version, withdraw it first.
    """
    refuse_consent(acting_user, patient)
    by_patient = acting_user is not None and acting_user.role == Role.PATIENT
    if acting_user is not None and by_patient != (channel == Channel.APP):
        raise ChannelNotPermitted

    consent = Consent(
        patient=patient, text=text, channel=channel, given_at=given_at or timezone.now()
    )
    save_new(consent)
    return consent


def consent_withdraw(*, acting_user: User | None, consent: Consent) -> Consent:
    """End a consent now. Raises NotPermitted, ConsentWithdrawn."""
    refuse_consent(acting_user, consent.patient)

    swap(
        consent,
        {"withdrawn_at": timezone.now()},
        among=Consent.objects.in_force(),
        otherwise=lambda: ConsentWithdrawn(consent=consent.pk),
    )
    return consent
