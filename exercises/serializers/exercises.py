"""What an exercise of the library looks like in the API."""

from typing import Any, ClassVar

from django.core.validators import RegexValidator, URLValidator
from django.utils.translation import gettext_lazy as _

from core.api.serializers import RelatedField, StrictModelSerializer, TextField
from exercises.constraints import MEDIA_URL_LENGTH
from exercises.models import Exercise
from patients import validators


class ExerciseField(RelatedField):
    """The id of an exercise of the library."""

    def get_queryset(self) -> Any:
        """Built for each request: a queryset belongs to the clinic that it was built in."""
        return Exercise.objects.alive()


class ExerciseSerializer(StrictModelSerializer):
    """An exercise of the clinic's library. The defaults are the dose to start from."""

    name = TextField(
        min_length=validators.NAME_LENGTH[0],
        max_length=validators.NAME_LENGTH[1],
        validators=[
            RegexValidator(
                validators.NAME_INPUT,
                _("A name can't hold control characters."),
                code="control_character",
            )
        ],
    )
    progression = ExerciseField(required=False, allow_null=True)
    regression = ExerciseField(required=False, allow_null=True)
    media_url = TextField(
        required=False,
        allow_blank=True,
        max_length=MEDIA_URL_LENGTH,
        validators=[URLValidator(schemes=["https"])],
        help_text="An https address.",
    )
    library_code = TextField(
        read_only=True,
        help_text="The code of FisioFlow's own exercise; empty for one that the clinic added.",
    )

    class Meta:
        model = Exercise
        fields: ClassVar = [
            "id",
            "name",
            "body_region",
            "goal",
            "instructions",
            "default_sets",
            "default_repetitions",
            "default_hold_seconds",
            "default_frequency_per_week",
            "contraindications",
            "progression",
            "regression",
            "media_url",
            "library_code",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = ["id", "created_at", "updated_at"]
