"""Rules of consents that the database holds: given once, withdrawn once, never changed otherwise.

The last five are triggers and a foreign key, written in a migration.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from core.constraints import Rule
from patients.choices import Channel, Purpose

BODY_LENGTH = 20_000  # characters
VERSION = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$"

RULES = {
    "patients_consenttext_purpose_known": Rule(
        "purpose", "invalid_choice", _("There is no such purpose.")
    ),
    "patients_consenttext_version_form": Rule(
        "version", "invalid", _("Give up to 20 letters, digits, dots, hyphens and underscores.")
    ),
    "patients_consenttext_body_length": Rule(
        "body", "max_length", _("The text has 1 to 20,000 characters.")
    ),
    "patients_consenttext_version_unique": Rule(
        "version", "unique", _("There is a text of this purpose and version already."), 409
    ),
    "patients_consent_channel_known": Rule(
        "channel", "invalid_choice", _("There is no such channel.")
    ),
    "patients_consent_given_in_time": Rule(
        "given_at", "in_future", _("A consent can't be given in the future.")
    ),
    "patients_consent_withdrawn_after_given": Rule(
        "withdrawn_at", "too_early", _("A consent can't be withdrawn before it is given.")
    ),
    "patients_consent_one_open": Rule(
        "text", "consent_open", _("The patient's consent to this purpose is in force."), 409
    ),
    "patients_consent_purpose_of_text": Rule(
        "text", "invalid", _("The text is not one of this purpose.")
    ),
    "patients_consent_unchanged": Rule(
        "", "unchangeable", _("A consent can be withdrawn, never changed."), 409
    ),
    "patients_consent_kept": Rule("", "kept", _("A consent is kept for good."), 409),
    "patients_consenttext_unchanged": Rule(
        "", "unchangeable", _("A text can't be changed: write a new version."), 409
    ),
    "patients_consenttext_kept": Rule("", "kept", _("A text is kept for good."), 409),
}


def consent_text_constraints() -> list[models.BaseConstraint]:
    """The constraints of `patients_consenttext`."""
    length = Length("body")
    return [
        models.CheckConstraint(
            condition=Q(purpose__in=Purpose.values), name="patients_consenttext_purpose_known"
        ),
        models.CheckConstraint(
            condition=Q(version__regex=VERSION), name="patients_consenttext_version_form"
        ),
        models.CheckConstraint(
            condition=Q(models.lookups.GreaterThan(length, 0))
            & Q(models.lookups.LessThanOrEqual(length, BODY_LENGTH)),
            name="patients_consenttext_body_length",
        ),
        models.UniqueConstraint(
            fields=["purpose", "version"], name="patients_consenttext_version_unique"
        ),
    ]


def consent_constraints() -> list[models.BaseConstraint]:
    """The constraints of `patients_consent`; a foreign key makes its purpose its text's."""
    return [
        models.CheckConstraint(
            condition=Q(channel__in=Channel.values), name="patients_consent_channel_known"
        ),
        models.CheckConstraint(
            condition=Q(given_at__lte=F("created_at")), name="patients_consent_given_in_time"
        ),
        models.CheckConstraint(
            condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=F("given_at")),
            name="patients_consent_withdrawn_after_given",
        ),
        models.UniqueConstraint(
            fields=["patient", "purpose"],
            condition=Q(withdrawn_at=None),
            name="patients_consent_one_open",
        ),
    ]
