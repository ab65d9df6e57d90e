"""Appointments; nobody is in two of them at once."""

import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import core.ids
import patients.validators
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, lookups
from django.db.models.functions import Length


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0001_initial"),
        ("scheduling", "0001_uuid_range"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Appointment",
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
                ("start_time", models.DateTimeField(verbose_name="start")),
                ("end_time", models.DateTimeField(verbose_name="end")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("scheduled", "Scheduled"),
                            ("in_progress", "In progress"),
                            ("completed", "Completed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="scheduled",
                        max_length=11,
                        verbose_name="status",
                    ),
                ),
                (
                    "notes",
                    models.TextField(
                        blank=True,
                        max_length=2000,
                        validators=[
                            django.core.validators.MaxLengthValidator(2000),
                            patients.validators.validate_text,
                        ],
                        verbose_name="notes",
                    ),
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
                        related_name="appointments",
                        to="patients.patient",
                        verbose_name="patient",
                    ),
                ),
                (
                    "therapist",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="therapist",
                    ),
                ),
            ],
            options={
                "verbose_name": "appointment",
                "verbose_name_plural": "appointments",
                "indexes": [
                    models.Index(
                        fields=["start_time", "id"], name="scheduling_appointment_by_time"
                    ),
                    models.Index(
                        fields=["created_at", "id"], name="scheduling_appointment_by_made"
                    ),
                    models.Index(
                        fields=["therapist", "start_time"], name="scheduling_appointment_agenda"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end_time__gt", F("start_time"))),
                        name="scheduling_appointment_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            lookups.GreaterThanOrEqual(
                                models.ExpressionWrapper(
                                    F("end_time") - F("start_time"),
                                    output_field=models.DurationField(),
                                ),
                                datetime.timedelta(seconds=900),
                            ),
                            lookups.LessThanOrEqual(
                                models.ExpressionWrapper(
                                    F("end_time") - F("start_time"),
                                    output_field=models.DurationField(),
                                ),
                                datetime.timedelta(seconds=14400),
                            ),
                        ),
                        name="scheduling_appointment_lasts_15min_to_4h",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "start_time__gte",
                                datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                            ),
                            (
                                "start_time__lt",
                                datetime.datetime(2100, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                            ),
                        ),
                        name="scheduling_appointment_in_this_century",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["scheduled", "in_progress", "completed", "cancelled"])
                        ),
                        name="scheduling_appointment_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(lookups.LessThanOrEqual(Length("notes"), 2000)),
                        name="scheduling_appointment_notes_length",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(
                            ("deleted_at", None), models.Q(("status", "cancelled"), _negated=True)
                        ),
                        expressions=[
                            (
                                models.Func(
                                    F("therapist"),
                                    F("therapist"),
                                    models.Value("[]"),
                                    function="uuid_range",
                                    output_field=models.TextField(),
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    F("start_time"),
                                    F("end_time"),
                                    models.Value("[)"),
                                    function="tstzrange",
                                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="scheduling_appointment_therapist_free",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(
                            ("deleted_at", None), models.Q(("status", "cancelled"), _negated=True)
                        ),
                        expressions=[
                            (
                                models.Func(
                                    F("patient"),
                                    F("patient"),
                                    models.Value("[]"),
                                    function="uuid_range",
                                    output_field=models.TextField(),
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    F("start_time"),
                                    F("end_time"),
                                    models.Value("[)"),
                                    function="tstzrange",
                                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="scheduling_appointment_patient_free",
                    ),
                ],
            },
        ),
    ]
