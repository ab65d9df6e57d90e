"""The clinic's library of exercises."""

from typing import Any, ClassVar, Self

from django.core.validators import MinLengthValidator, URLValidator
from django.db import models
from django.db.models import F, Value
from django.utils.translation import gettext_lazy as _

from audit.capture.history import TrackedHistory
from core.constraints import RuledModel
from exercises import constraints
from exercises.models.fields import count_field, refuse, text_field
from exercises.states import BodyRegion, Goal
from patients import validators
from patients.models import searchable
from tenants.clinic_model import ClinicModel, ClinicQuerySet


class ExerciseQuerySet(ClinicQuerySet["Exercise"]):
    """Reads of exercises."""

    def alive(self) -> Self:
        """Exercises that weren't deleted."""
        return self.filter(deleted_at=None)

    def search(self, text: str) -> Self:
        """Exercises whose name has these words; accents and case don't matter."""
        found = self
        for word in text.split():
            found = found.filter(search_name__contains=searchable(Value(word)))
        return found


class Exercise(RuledModel, ClinicModel):
    """An exercise of the clinic's library, with the dose to start from."""

    name = models.CharField(
        _("name"),
        max_length=validators.NAME_LENGTH[1],
        validators=[MinLengthValidator(validators.NAME_LENGTH[0]), validators.validate_name],
    )
    body_region = models.CharField(_("body region"), max_length=10, choices=BodyRegion.choices)
    goal = models.CharField(_("goal"), max_length=13, choices=Goal.choices)
    instructions = text_field(_("instructions"), constraints.INSTRUCTIONS_LENGTH)
    default_sets = count_field(_("sets"), constraints.SETS, default=3)
    default_repetitions = count_field(_("repetitions"), constraints.REPETITIONS, default=10)
    default_hold_seconds = count_field(_("seconds to hold"), constraints.HOLD_SECONDS, default=0)
    default_frequency_per_week = count_field(_("days a week"), constraints.FREQUENCY, default=3)
    contraindications = text_field(
        _("contraindications"), constraints.CONTRAINDICATIONS_LENGTH, blank=True
    )
    progression = models.ForeignKey(
        "self",
        verbose_name=_("progression"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text=_("The harder exercise that comes next."),
    )
    regression = models.ForeignKey(
        "self",
        verbose_name=_("regression"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text=_("The easier exercise to fall back on."),
    )
    media_url = models.CharField(
        _("video or picture"),
        max_length=constraints.MEDIA_URL_LENGTH,
        blank=True,
        validators=[URLValidator(schemes=["https"])],
        help_text=_("An address that begins with https://."),
    )
    library_code = models.CharField(max_length=50, blank=True, default="", editable=False)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True, editable=False)
    search_name = models.GeneratedField(
        expression=searchable(F("name")), output_field=models.TextField(), db_persist=True
    )

    objects: ClassVar = ExerciseQuerySet.as_manager()
    history = TrackedHistory()

    class Meta:
        verbose_name = _("exercise")
        verbose_name_plural = _("exercises")
        indexes: ClassVar = [
            models.Index(fields=["search_name", "id"], name="exercises_exercise_by_name"),
        ]
        constraints = constraints.exercise_constraints()

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Any = None) -> None:
        """Bring the name into its stored form, then check every field."""
        self.name = validators.tidy_name(self.name)
        super().clean_fields(exclude=exclude)

    def clean(self) -> None:
        """Check that the exercise doesn't lead to itself."""
        super().clean()

        if self.progression_id == self.pk:
            refuse("exercises_exercise_progression_other")
        if self.regression_id == self.pk:
            refuse("exercises_exercise_regression_other")
