"""The record: clinical notes, consents with their texts, documents."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import django.utils.timezone
import core.ids
import patients.validators
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsentText",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("marketing", "Marketing"),
                            ("image_use", "Use of image"),
                            ("messaging", "Messages (WhatsApp and the like)"),
                            ("research", "Research"),
                            ("teleconsultation", "Teleconsultation"),
                        ],
                        max_length=16,
                        verbose_name="purpose",
                    ),
                ),
                (
                    "version",
                    models.CharField(
                        max_length=20,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$", code="invalid"
                            )
                        ],
                        verbose_name="version",
                    ),
                ),
                (
                    "body",
                    models.TextField(
                        max_length=20000,
                        validators=[
                            django.core.validators.MaxLengthValidator(20000),
                            patients.validators.validate_text,
                        ],
                        verbose_name="text",
                    ),
                ),
            ],
            options={
                "verbose_name": "consent text",
                "verbose_name_plural": "consent texts",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "purpose__in",
                                [
                                    "marketing",
                                    "image_use",
                                    "messaging",
                                    "research",
                                    "teleconsultation",
                                ],
                            )
                        ),
                        name="patients_consenttext_purpose_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__regex", "^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$")),
                        name="patients_consenttext_version_form",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThan(
                                django.db.models.functions.text.Length("body"), 0
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                django.db.models.functions.text.Length("body"), 20000
                            ),
                        ),
                        name="patients_consenttext_body_length",
                    ),
                    models.UniqueConstraint(
                        fields=("purpose", "version"), name="patients_consenttext_version_unique"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ClinicalNote",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "kind",
                    models.CharField(
                        choices=[("evaluation", "Evaluation"), ("evolution", "Evolution")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "subjective",
                    models.TextField(
                        blank=True,
                        max_length=10000,
                        validators=[
                            django.core.validators.MaxLengthValidator(10000),
                            patients.validators.validate_text,
                        ],
                        verbose_name="subjective",
                    ),
                ),
                (
                    "objective",
                    models.TextField(
                        blank=True,
                        max_length=10000,
                        validators=[
                            django.core.validators.MaxLengthValidator(10000),
                            patients.validators.validate_text,
                        ],
                        verbose_name="objective",
                    ),
                ),
                (
                    "assessment",
                    models.TextField(
                        blank=True,
                        max_length=10000,
                        validators=[
                            django.core.validators.MaxLengthValidator(10000),
                            patients.validators.validate_text,
                        ],
                        verbose_name="assessment",
                    ),
                ),
                (
                    "plan",
                    models.TextField(
                        blank=True,
                        max_length=10000,
                        validators=[
                            django.core.validators.MaxLengthValidator(10000),
                            patients.validators.validate_text,
                        ],
                        verbose_name="plan",
                    ),
                ),
                (
                    "author_name",
                    models.CharField(blank=True, max_length=100, verbose_name="author's name"),
                ),
                (
                    "author_crefito",
                    models.CharField(blank=True, max_length=20, verbose_name="author's CREFITO"),
                ),
                (
                    "signed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="signed at"),
                ),
                (
                    "supervisor_name",
                    models.CharField(blank=True, max_length=100, verbose_name="supervisor's name"),
                ),
                (
                    "supervisor_crefito",
                    models.CharField(
                        blank=True, max_length=20, verbose_name="supervisor's CREFITO"
                    ),
                ),
                (
                    "cosigned_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="signed by the supervisor at"
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="deleted at"
                    ),
                ),
                (
                    "amends",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="amendments",
                        to="patients.clinicalnote",
                        verbose_name="amends",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="patients.patient",
                        verbose_name="patient",
                    ),
                ),
                (
                    "supervisor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supervised_notes",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="supervisor",
                    ),
                ),
            ],
            options={
                "verbose_name": "clinical note",
                "verbose_name_plural": "clinical notes",
                "indexes": [
                    models.Index(fields=["created_at", "id"], name="patients_clinicalnote_created"),
                    models.Index(
                        fields=["patient", "created_at"], name="patients_clinicalnote_patient"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                django.db.models.functions.text.Length("subjective"), 10000
                            )
                        ),
                        name="patients_clinicalnote_subjective_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                django.db.models.functions.text.Length("objective"), 10000
                            )
                        ),
                        name="patients_clinicalnote_objective_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                django.db.models.functions.text.Length("assessment"), 10000
                            )
                        ),
                        name="patients_clinicalnote_assessment_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                django.db.models.functions.text.Length("plan"), 10000
                            )
                        ),
                        name="patients_clinicalnote_plan_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["evaluation", "evolution"])),
                        name="patients_clinicalnote_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("signed_at__isnull", False),
                                models.Q(("author_name", ""), _negated=True),
                            ),
                            models.Q(
                                ("signed_at", None),
                                ("author_crefito", ""),
                                ("author_name", ""),
                                ("supervisor", None),
                            ),
                            _connector="OR",
                        ),
                        name="patients_clinicalnote_signed_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("signed_at", None),
                            ("subjective__regex", "[^[:space:]]"),
                            ("objective__regex", "[^[:space:]]"),
                            ("assessment__regex", "[^[:space:]]"),
                            ("plan__regex", "[^[:space:]]"),
                            _connector="OR",
                        ),
                        name="patients_clinicalnote_signed_with_content",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("signed_at", None),
                            models.Q(("author_crefito", ""), _negated=True),
                            ("supervisor__isnull", False),
                            _connector="OR",
                        ),
                        name="patients_clinicalnote_signed_with_crefito",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("signed_at__isnull", False),
                                ("cosigned_at__isnull", False),
                                ("supervisor__isnull", False),
                                models.Q(("supervisor_name", ""), _negated=True),
                                models.Q(("supervisor_crefito", ""), _negated=True),
                            ),
                            models.Q(
                                ("cosigned_at", None),
                                ("supervisor_crefito", ""),
                                ("supervisor_name", ""),
                            ),
                            _connector="OR",
                        ),
                        name="patients_clinicalnote_cosigned_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("supervisor", None),
                            models.Q(("supervisor", models.F("author")), _negated=True),
                            _connector="OR",
                        ),
                        name="patients_clinicalnote_supervisor_other",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("deleted_at", None), ("signed_at", None), _connector="OR"
                        ),
                        name="patients_clinicalnote_discarded_unsigned",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("marketing", "Marketing"),
                            ("image_use", "Use of image"),
                            ("messaging", "Messages (WhatsApp and the like)"),
                            ("research", "Research"),
                            ("teleconsultation", "Teleconsultation"),
                        ],
                        editable=False,
                        max_length=16,
                        verbose_name="purpose",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("paper", "On paper"),
                            ("app", "In the app"),
                            ("phone", "By phone"),
                            ("in_person", "In person"),
                        ],
                        max_length=9,
                        verbose_name="channel",
                    ),
                ),
                (
                    "given_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="given at"
                    ),
                ),
                (
                    "withdrawn_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="withdrawn at"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="patients.patient",
                        verbose_name="patient",
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="patients.consenttext",
                        verbose_name="text",
                    ),
                ),
            ],
            options={
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
                "indexes": [
                    models.Index(fields=["created_at", "id"], name="patients_consent_by_created")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["paper", "app", "phone", "in_person"])),
                        name="patients_consent_channel_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("given_at__lte", models.F("created_at"))),
                        name="patients_consent_given_in_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("withdrawn_at", None),
                            ("withdrawn_at__gte", models.F("given_at")),
                            _connector="OR",
                        ),
                        name="patients_consent_withdrawn_after_given",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)),
                        fields=("patient", "purpose"),
                        name="patients_consent_one_open",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("exam", "Exam"),
                            ("referral", "Referral"),
                            ("consent_form", "Consent form"),
                            ("photo", "Photo"),
                            ("report", "Report"),
                            ("other", "Other"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("name", models.CharField(max_length=150, verbose_name="file name")),
                ("content_type", models.CharField(max_length=20, verbose_name="content type")),
                (
                    "size",
                    models.PositiveBigIntegerField(help_text="In bytes.", verbose_name="size"),
                ),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("quarantined", "Quarantined"),
                            ("clean", "Clean"),
                            ("infected", "Infected"),
                        ],
                        default="quarantined",
                        max_length=11,
                        verbose_name="status",
                    ),
                ),
                (
                    "scanned_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="scanned at"),
                ),
                (
                    "scan_report",
                    models.CharField(blank=True, max_length=200, verbose_name="scanner's report"),
                ),
                (
                    "shared_with_patient",
                    models.BooleanField(default=False, verbose_name="shared with the patient"),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="deleted at"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="patients.patient",
                        verbose_name="patient",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="uploaded by",
                    ),
                ),
            ],
            options={
                "verbose_name": "document",
                "verbose_name_plural": "documents",
                "indexes": [
                    models.Index(fields=["created_at", "id"], name="patients_document_by_created")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                ["exam", "referral", "consent_form", "photo", "report", "other"],
                            )
                        ),
                        name="patients_document_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "name__regex",
                                "^[^/\\\\\\u0001-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]+$",
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                django.db.models.functions.text.Length("name"), 150
                            ),
                        ),
                        name="patients_document_name_form",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "content_type__in",
                                ["application/dicom", "application/pdf", "image/jpeg", "image/png"],
                            )
                        ),
                        name="patients_document_content_type_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("size__gt", 0)), name="patients_document_size_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                        name="patients_document_sha256_form",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["quarantined", "clean", "infected"])),
                        name="patients_document_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("scan_report", ""), ("scanned_at", None), ("status", "quarantined")
                            ),
                            models.Q(
                                models.Q(("status", "quarantined"), _negated=True),
                                ("scanned_at__isnull", False),
                                models.Q(("scan_report", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="patients_document_scanned_with_report",
                    ),
                ],
            },
        ),
    ]
