"""What exercises, prescriptions and logs look like in the API."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, NoReturn

from django.core.validators import RegexValidator, URLValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from core.api.serializers import (
    DateField,
    RelatedField,
    StrictModelSerializer,
    StrictSerializer,
    TextField,
    UUIDField,
)
from exercises.constraints import EARLIEST, LATEST, MAX_ITEMS, MEDIA_URL_LENGTH
from exercises.models import Exercise, ExerciseLog, Prescription, PrescriptionItem
from exercises.states import Status
from patients import validators
from patients.models import Patient

LONGEST_SPAN = 366  # days
_DOSE = ["sets", "repetitions", "hold_seconds", "frequency_per_week"]


class ExerciseField(RelatedField):
    """The id of an exercise of the library."""

    def get_queryset(self) -> Any:
        """Made anew for each request: a queryset belongs to the clinic that it was built in."""
        return Exercise.objects.alive()


class PatientField(RelatedField):
    """The id of a patient whom the person may see; for the others there is no such patient."""

    def get_queryset(self) -> Any:
        """Those whom the person may see."""
        return Patient.objects.alive().visible_to(self.context["request"].user)


class ItemField(RelatedField):
    """The id of an item of one of the patient's own prescriptions."""

    def get_queryset(self) -> Any:
        """The signed-in patient's."""
        return PrescriptionItem.objects.loggable_by(self.context["request"].user)


class ExerciseSerializer(StrictModelSerializer):
    """An exercise of the clinic's library. The defaults are the dose to begin from."""

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
        read_only=True, help_text="Of FisioFlow's own exercises; empty for the clinic's."
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


class PrescribedExerciseSerializer(StrictModelSerializer):
    """What a patient needs to do an exercise."""

    class Meta:
        model = Exercise
        fields: ClassVar = [
            "id",
            "name",
            "body_region",
            "goal",
            "instructions",
            "contraindications",
            "media_url",
        ]
        read_only_fields: ClassVar = fields


class ItemSerializer(StrictModelSerializer):
    """An exercise of a prescription, with its dose."""

    exercise = PrescribedExerciseSerializer(read_only=True)

    class Meta:
        model = PrescriptionItem
        fields: ClassVar = ["id", "position", "exercise", *_DOSE, "comment"]
        read_only_fields: ClassVar = fields


class NewItemSerializer(StrictModelSerializer):
    """An exercise to prescribe; what isn't given of the dose is the exercise's default."""

    exercise = ExerciseField()

    class Meta:
        model = PrescriptionItem
        fields: ClassVar = ["exercise", *_DOSE, "comment"]
        extra_kwargs: ClassVar = {name: {"required": False} for name in _DOSE}


def _new_items(*, required: bool = True) -> serializers.ListSerializer[Any]:
    return serializers.ListSerializer(
        child=NewItemSerializer(), required=required, allow_empty=False, max_length=MAX_ITEMS
    )


class PrescriptionSerializer(StrictModelSerializer):
    """A prescription as it is read. `closed_on`: the first day on which it asks for nothing."""

    patient = serializers.PrimaryKeyRelatedField[Patient](read_only=True)
    patient_name = serializers.CharField(source="patient.name", read_only=True)
    items = ItemSerializer(many=True, read_only=True)

    class Meta:
        model = Prescription
        fields: ClassVar = [
            "id",
            "patient",
            "patient_name",
            "therapist",
            "therapist_name",
            "therapist_crefito",
            "start_date",
            "end_date",
            "status",
            "closed_on",
            "notes",
            "items",
            "version",
            "replaces",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = fields


class NewPrescriptionSerializer(StrictModelSerializer):
    """A prescription as it is written. The items come in the order to do them."""

    patient = PatientField()
    items = _new_items()

    class Meta:
        model = Prescription
        fields: ClassVar = ["patient", "start_date", "end_date", "notes", "items"]


class PrescriptionChangeSerializer(StrictModelSerializer):
    """A change of a prescription; `items` replaces all of them."""

    items = _new_items(required=False)
    status = serializers.ChoiceField(choices=Status.choices, required=False)

    class Meta:
        model = Prescription
        fields: ClassVar = ["start_date", "end_date", "notes", "items", "status"]
        # Each by itself: `partial` would take what an item needs for optional, too.
        extra_kwargs: ClassVar = {"start_date": {"required": False}}


class PrescriptionVersionSerializer(StrictModelSerializer):
    """What a new version has of its own; what isn't given is the old one's."""

    items = _new_items(required=False)

    class Meta:
        model = Prescription
        fields: ClassVar = ["end_date", "notes", "items"]


class ExerciseLogSerializer(StrictModelSerializer):
    """What a patient did. The phone makes the id, so that it can send a log twice."""

    id = UUIDField()
    item = ItemField()
    prescription = serializers.UUIDField(source="item.prescription_id", read_only=True)
    patient = serializers.UUIDField(source="item.prescription.patient_id", read_only=True)

    class Meta:
        model = ExerciseLog
        fields: ClassVar = [
            "id",
            "item",
            "prescription",
            "patient",
            "done_at",
            "sets",
            "repetitions",
            "pain",
            "effort",
            "comment",
            "created_at",
        ]
        read_only_fields: ClassVar = ["created_at"]


class AdherenceQuery(StrictSerializer):
    """The span of days to report on, both included; four weeks up to today if nothing is said."""

    from_ = DateField(required=False)
    to = DateField(required=False)

    def get_fields(self) -> Any:
        """`from` is a word of Python's, so its field has another name in the class."""
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}

    def _refused_fields(self, data: Mapping[str, Any]) -> dict[str, list[ErrorDetail]]:
        message = str(_("There is no such parameter."))
        unknown = data.keys() - self.fields.keys()
        return {name: [ErrorDetail(message, "unknown_parameter")] for name in unknown}

    def validate(self, attrs: Any) -> Any:
        """Fills in what isn't given; the span is in this century, and a year at most."""
        last = attrs.get("to", timezone.localdate())
        if not EARLIEST <= last <= LATEST:
            _out_of_range("to", _("Give a date between 2000 and 2099."))
        first = attrs.get("from", last - timedelta(days=27))
        if not 0 <= (last - first).days <= LONGEST_SPAN:
            _out_of_range("from", _("Give a first day up to a year before the last."))
        return {"from": first, "to": last}


def _out_of_range(parameter: str, message: Any) -> NoReturn:
    raise serializers.ValidationError({parameter: [ErrorDetail(str(message), "out_of_range")]})


class WeekSerializer(serializers.Serializer[Any]):
    """A week, or what of it was asked for: `start` is its Monday or the first day asked for."""

    start = serializers.DateField()
    prescribed_days = serializers.IntegerField(min_value=0, max_value=7)
    logged_days = serializers.IntegerField(min_value=0, max_value=7)


class DaySerializer(serializers.Serializer[Any]):
    """A day with logs, with the mean pain and effort of them."""

    date = serializers.DateField()
    logs = serializers.IntegerField(min_value=1)
    pain = serializers.FloatField(min_value=0, max_value=10)
    effort = serializers.FloatField(min_value=0, max_value=10)


class AdherenceSerializer(serializers.Serializer[Any]):
    """Days prescribed and logged by week, pain and effort by day, in the clinic's time zone."""

    weeks = WeekSerializer(many=True)
    days = DaySerializer(many=True)
