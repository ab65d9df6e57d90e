"""The exercise library, prescriptions and logs."""

import datetime
import django.core.validators
import django.db.models.deletion
import core.ids
import patients.validators
from django.conf import settings
from django.db import migrations, models
from django.db.models import functions, lookups


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("patients", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Exercise",
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
                    "name",
                    models.CharField(
                        max_length=100,
                        validators=[
                            django.core.validators.MinLengthValidator(2),
                            patients.validators.validate_name,
                        ],
                        verbose_name="name",
                    ),
                ),
                (
                    "body_region",
                    models.CharField(
                        choices=[
                            ("cervical", "Cervical spine"),
                            ("shoulder", "Shoulder"),
                            ("elbow", "Elbow"),
                            ("wrist_hand", "Wrist and hand"),
                            ("thoracic", "Thoracic spine"),
                            ("lumbar", "Lumbar spine"),
                            ("hip", "Hip"),
                            ("knee", "Knee"),
                            ("ankle_foot", "Ankle and foot"),
                            ("core", "Core"),
                            ("balance", "Balance"),
                            ("breathing", "Breathing"),
                        ],
                        max_length=10,
                        verbose_name="body region",
                    ),
                ),
                (
                    "goal",
                    models.CharField(
                        choices=[
                            ("mobility", "Mobility"),
                            ("flexibility", "Flexibility"),
                            ("strength", "Strength"),
                            ("endurance", "Endurance"),
                            ("motor_control", "Motor control"),
                            ("balance", "Balance"),
                            ("breathing", "Breathing"),
                            ("function", "Function"),
                        ],
                        max_length=13,
                        verbose_name="goal",
                    ),
                ),
                (
                    "instructions",
                    models.TextField(
                        max_length=5000,
                        validators=[
                            django.core.validators.MaxLengthValidator(5000),
                            patients.validators.validate_text,
                        ],
                        verbose_name="instructions",
                    ),
                ),
                (
                    "default_sets",
                    models.SmallIntegerField(
                        default=3,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                        verbose_name="sets",
                    ),
                ),
                (
                    "default_repetitions",
                    models.SmallIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="repetitions",
                    ),
                ),
                (
                    "default_hold_seconds",
                    models.SmallIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(600),
                        ],
                        verbose_name="seconds to hold",
                    ),
                ),
                (
                    "default_frequency_per_week",
                    models.SmallIntegerField(
                        default=3,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(7),
                        ],
                        verbose_name="days a week",
                    ),
                ),
                (
                    "contraindications",
                    models.TextField(
                        blank=True,
                        max_length=2000,
                        validators=[
                            django.core.validators.MaxLengthValidator(2000),
                            patients.validators.validate_text,
                        ],
                        verbose_name="contraindications",
                    ),
                ),
                (
                    "media_url",
                    models.CharField(
                        blank=True,
                        help_text="An address that begins with https://.",
                        max_length=500,
                        validators=[django.core.validators.URLValidator(schemes=["https"])],
                        verbose_name="video or picture",
                    ),
                ),
                (
                    "library_code",
                    models.CharField(blank=True, default="", editable=False, max_length=50),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="deleted at"
                    ),
                ),
                (
                    "search_name",
                    models.GeneratedField(
                        db_persist=True,
                        expression=functions.Lower(
                            models.Func(
                                models.Func(
                                    models.F("name"), template="normalize(%(expressions)s, NFKD)"
                                ),
                                models.Value("[\\u0300-\\u036f]"),
                                models.Value(""),
                                models.Value("g"),
                                function="regexp_replace",
                            ),
                            output_field=models.TextField(),
                        ),
                        output_field=models.TextField(),
                    ),
                ),
                (
                    "progression",
                    models.ForeignKey(
                        blank=True,
                        help_text="The harder exercise that comes next.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="exercises.exercise",
                        verbose_name="progression",
                    ),
                ),
                (
                    "regression",
                    models.ForeignKey(
                        blank=True,
                        help_text="The easier exercise to fall back on.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="exercises.exercise",
                        verbose_name="regression",
                    ),
                ),
            ],
            options={
                "verbose_name": "exercise",
                "verbose_name_plural": "exercises",
            },
        ),
        migrations.CreateModel(
            name="Prescription",
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
                    "therapist_name",
                    models.CharField(
                        editable=False, max_length=100, verbose_name="therapist's name"
                    ),
                ),
                (
                    "therapist_crefito",
                    models.CharField(editable=False, max_length=20, verbose_name="CREFITO number"),
                ),
                ("start_date", models.DateField(verbose_name="start")),
                ("end_date", models.DateField(blank=True, null=True, verbose_name="end")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("completed", "Completed"),
                            ("suspended", "Suspended"),
                            ("superseded", "Superseded"),
                        ],
                        default="active",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "closed_on",
                    models.DateField(
                        blank=True, editable=False, null=True, verbose_name="ended on"
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
                        verbose_name="notes to the patient",
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prescriptions",
                        to="patients.patient",
                        verbose_name="patient",
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="exercises.prescription",
                        verbose_name="replaces",
                    ),
                ),
                (
                    "therapist",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prescriptions",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="therapist",
                    ),
                ),
            ],
            options={
                "verbose_name": "prescription",
                "verbose_name_plural": "prescriptions",
            },
        ),
        migrations.CreateModel(
            name="PrescriptionItem",
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
                    "position",
                    models.SmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(30),
                        ],
                        verbose_name="position",
                    ),
                ),
                (
                    "sets",
                    models.SmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                        verbose_name="sets",
                    ),
                ),
                (
                    "repetitions",
                    models.SmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="repetitions",
                    ),
                ),
                (
                    "hold_seconds",
                    models.SmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(600),
                        ],
                        verbose_name="seconds to hold",
                    ),
                ),
                (
                    "frequency_per_week",
                    models.SmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(7),
                        ],
                        verbose_name="days a week",
                    ),
                ),
                (
                    "comment",
                    models.TextField(
                        blank=True,
                        max_length=500,
                        validators=[
                            django.core.validators.MaxLengthValidator(500),
                            patients.validators.validate_text,
                        ],
                        verbose_name="comment",
                    ),
                ),
                (
                    "removed_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="taken out at"
                    ),
                ),
                (
                    "exercise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="exercises.exercise",
                        verbose_name="exercise",
                    ),
                ),
                (
                    "prescription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="exercises.prescription",
                    ),
                ),
            ],
            options={
                "verbose_name": "prescribed exercise",
                "verbose_name_plural": "prescribed exercises",
            },
        ),
        migrations.CreateModel(
            name="ExerciseLog",
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
                ("done_at", models.DateTimeField(verbose_name="done at")),
                (
                    "sets",
                    models.SmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="sets",
                    ),
                ),
                (
                    "repetitions",
                    models.SmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                        verbose_name="repetitions",
                    ),
                ),
                (
                    "pain",
                    models.SmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(10),
                        ],
                        verbose_name="pain",
                    ),
                ),
                (
                    "effort",
                    models.SmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(10),
                        ],
                        verbose_name="effort",
                    ),
                ),
                (
                    "comment",
                    models.TextField(
                        blank=True,
                        max_length=500,
                        validators=[
                            django.core.validators.MaxLengthValidator(500),
                            patients.validators.validate_text,
                        ],
                        verbose_name="comment",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="logs",
                        to="exercises.prescriptionitem",
                    ),
                ),
            ],
            options={
                "verbose_name": "exercise log",
                "verbose_name_plural": "exercise logs",
            },
        ),
        migrations.AddIndex(
            model_name="exercise",
            index=models.Index(fields=["search_name", "id"], name="exercises_exercise_by_name"),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    lookups.GreaterThanOrEqual(functions.Length("name"), 2),
                    lookups.LessThanOrEqual(functions.Length("name"), 100),
                ),
                name="exercises_exercise_name_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "name__regex",
                        "[\\u0001-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]",
                    ),
                    _negated=True,
                ),
                name="exercises_exercise_name_printable",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "name__regex",
                        "^[ \\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000]|[ \\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000]$",
                    ),
                    _negated=True,
                ),
                name="exercises_exercise_name_trimmed",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.UniqueConstraint(
                functions.Lower("name"),
                condition=models.Q(("deleted_at", None)),
                name="exercises_exercise_name_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.UniqueConstraint(
                condition=models.Q(("library_code", ""), _negated=True),
                fields=("library_code",),
                name="exercises_exercise_library_code_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "body_region__in",
                        [
                            "cervical",
                            "shoulder",
                            "elbow",
                            "wrist_hand",
                            "thoracic",
                            "lumbar",
                            "hip",
                            "knee",
                            "ankle_foot",
                            "core",
                            "balance",
                            "breathing",
                        ],
                    )
                ),
                name="exercises_exercise_body_region_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "goal__in",
                        [
                            "mobility",
                            "flexibility",
                            "strength",
                            "endurance",
                            "motor_control",
                            "balance",
                            "breathing",
                            "function",
                        ],
                    )
                ),
                name="exercises_exercise_goal_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("instructions", ""), _negated=True),
                    lookups.LessThanOrEqual(functions.Length("instructions"), 5000),
                ),
                name="exercises_exercise_instructions_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.CheckConstraint(
                condition=lookups.LessThanOrEqual(functions.Length("contraindications"), 2000),
                name="exercises_exercise_contraindications_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.CheckConstraint(
                condition=models.Q(("progression", models.F("id")), _negated=True),
                name="exercises_exercise_progression_other",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.CheckConstraint(
                condition=models.Q(("regression", models.F("id")), _negated=True),
                name="exercises_exercise_regression_other",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("media_url", ""), ("media_url__iregex", "^https://[^ ]+$"), _connector="OR"
                ),
                name="exercises_exercise_media_url_https",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.CheckConstraint(
                condition=models.Q(("default_sets__range", (1, 20))),
                name="exercises_exercise_sets_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.CheckConstraint(
                condition=models.Q(("default_repetitions__range", (1, 200))),
                name="exercises_exercise_repetitions_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.CheckConstraint(
                condition=models.Q(("default_hold_seconds__range", (0, 600))),
                name="exercises_exercise_hold_seconds_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="exercise",
            constraint=models.CheckConstraint(
                condition=models.Q(("default_frequency_per_week__range", (1, 7))),
                name="exercises_exercise_frequency_per_week_bounds",
            ),
        ),
        migrations.AddIndex(
            model_name="prescription",
            index=models.Index(fields=["created_at", "id"], name="exercises_prescription_by_made"),
        ),
        migrations.AddIndex(
            model_name="prescription",
            index=models.Index(fields=["start_date", "id"], name="exercises_prescription_by_day"),
        ),
        migrations.AddConstraint(
            model_name="prescription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("end_date", None), ("end_date__gte", models.F("start_date")), _connector="OR"
                ),
                name="exercises_prescription_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("start_date__range", (datetime.date(2000, 1, 1), datetime.date(2099, 12, 31)))
                ),
                name="exercises_prescription_start_in_this_century",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("end_date", None),
                    ("end_date__range", (datetime.date(2000, 1, 1), datetime.date(2099, 12, 31))),
                    _connector="OR",
                ),
                name="exercises_prescription_end_in_this_century",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["active", "completed", "suspended", "superseded"])
                ),
                name="exercises_prescription_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_on", None), ("status", "active")),
                    models.Q(
                        models.Q(("status", "active"), _negated=True), ("closed_on__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="exercises_prescription_closed_has_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("replaces", None), ("version", 1)),
                    models.Q(("replaces__isnull", False), ("version__gt", 1)),
                    _connector="OR",
                ),
                name="exercises_prescription_first_replaces_none",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescription",
            constraint=models.CheckConstraint(
                condition=lookups.LessThanOrEqual(functions.Length("notes"), 2000),
                name="exercises_prescription_notes_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescription",
            constraint=models.UniqueConstraint(
                fields=("replaces",), name="exercises_prescription_one_successor"
            ),
        ),
        migrations.AddConstraint(
            model_name="prescriptionitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("sets__range", (1, 20))),
                name="exercises_prescriptionitem_sets_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescriptionitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("repetitions__range", (1, 200))),
                name="exercises_prescriptionitem_repetitions_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescriptionitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("hold_seconds__range", (0, 600))),
                name="exercises_prescriptionitem_hold_seconds_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescriptionitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("frequency_per_week__range", (1, 7))),
                name="exercises_prescriptionitem_frequency_per_week_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescriptionitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("position__range", (1, 30))),
                name="exercises_prescriptionitem_position_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescriptionitem",
            constraint=models.CheckConstraint(
                condition=lookups.LessThanOrEqual(functions.Length("comment"), 500),
                name="exercises_prescriptionitem_comment_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescriptionitem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)),
                fields=("prescription", "position"),
                name="exercises_prescriptionitem_position_free",
            ),
        ),
        migrations.AddIndex(
            model_name="exerciselog",
            index=models.Index(fields=["done_at", "id"], name="exercises_exerciselog_by_time"),
        ),
        migrations.AddIndex(
            model_name="exerciselog",
            index=models.Index(fields=["created_at", "id"], name="exercises_exerciselog_by_made"),
        ),
        migrations.AddConstraint(
            model_name="exerciselog",
            constraint=models.CheckConstraint(
                condition=models.Q(("sets__range", (1, 50))),
                name="exercises_exerciselog_sets_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="exerciselog",
            constraint=models.CheckConstraint(
                condition=models.Q(("repetitions__range", (0, 1000))),
                name="exercises_exerciselog_repetitions_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="exerciselog",
            constraint=models.CheckConstraint(
                condition=models.Q(("pain__range", (0, 10))),
                name="exercises_exerciselog_pain_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="exerciselog",
            constraint=models.CheckConstraint(
                condition=models.Q(("effort__range", (0, 10))),
                name="exercises_exerciselog_effort_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="exerciselog",
            constraint=models.CheckConstraint(
                condition=lookups.LessThanOrEqual(functions.Length("comment"), 500),
                name="exercises_exerciselog_comment_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="exerciselog",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "done_at__lte",
                        models.ExpressionWrapper(
                            models.F("created_at") + datetime.timedelta(seconds=300),
                            output_field=models.DateTimeField(),
                        ),
                    )
                ),
                name="exercises_exerciselog_not_future",
            ),
        ),
    ]
