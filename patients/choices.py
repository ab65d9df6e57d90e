"""The choices of the fields of patients' records."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """What a patient may consent to. Their care itself needs no consent (LGPD, art. 11)."""

    MARKETING = "marketing", _("Marketing")
    IMAGE_USE = "image_use", _("Use of image")
    MESSAGING = "messaging", _("Messages (WhatsApp and the like)")
    RESEARCH = "research", _("Research")
    TELECONSULTATION = "teleconsultation", _("Teleconsultation")


class Channel(models.TextChoices):
    """How a consent was given. APP: by the patient, signed in."""

    PAPER = "paper", _("On paper")
    APP = "app", _("In the app")
    PHONE = "phone", _("By phone")
    IN_PERSON = "in_person", _("In person")


class NoteKind(models.TextChoices):
    """What a clinical note records."""

    EVALUATION = "evaluation", _("Evaluation")
    EVOLUTION = "evolution", _("Evolution")


class NoteStatus(models.TextChoices):
    """How far a note has come. It follows from the signatures; no column holds it."""

    DRAFT = "draft", _("Draft")
    AWAITING_SUPERVISOR = "awaiting_supervisor", _("Awaiting the supervisor's signature")
    SIGNED = "signed", _("Signed")


class DocumentKind(models.TextChoices):
    """What a document is."""

    EXAM = "exam", _("Exam")
    REFERRAL = "referral", _("Referral")
    CONSENT_FORM = "consent_form", _("Consent form")
    PHOTO = "photo", _("Photo")
    REPORT = "report", _("Report")
    OTHER = "other", _("Other")


class ScanStatus(models.TextChoices):
    """Whether a file may be opened: only a clean one."""

    QUARANTINED = "quarantined", _("Quarantined")
    CLEAN = "clean", _("Clean")
    INFECTED = "infected", _("Infected")
