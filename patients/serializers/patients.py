"""What a patient looks like in the API, by the reader's role."""

from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field

from accounts.models import User
from accounts.serializers import ByRoleSerializer
from core.api.serializers import RelatedField, TextField
from core.records import editable_fields
from patients import access, validators
from patients.models import Patient


@extend_schema_field(
    {
        "type": "string",
        "pattern": validators.CPF_INPUT,
        "description": "Digits, or with the usual punctuation; answered as digits.",
        "example": "52998224725",
    }
)
class CpfField(TextField):
    """A CPF, with or without punctuation."""

    default_validators = [validators.validate_cpf]

    def to_internal_value(self, data: Any) -> str:
        """The digits."""
        return validators.tidy_cpf(super().to_internal_value(data))


class PersonField(RelatedField):
    """The id of one of the clinic's people."""

    def get_queryset(self) -> Any:
        """A new one for each request: a queryset belongs to the clinic that it was built in."""
        return User.objects.all()


class PatientSerializer(ByRoleSerializer):
    """A patient. Only clinicians see `medical_history`."""

    access: ClassVar = access
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
    cpf = CpfField()
    phone = TextField(validators=[RegexValidator(validators.PHONE_INPUT, code="invalid_phone")])
    therapist = PersonField(required=False, allow_null=True)
    user = PersonField(required=False, allow_null=True)

    class Meta:
        model = Patient
        fields: ClassVar = ["id", *editable_fields(Patient), "created_at", "updated_at"]
        read_only_fields: ClassVar = ["id", "created_at", "updated_at"]
