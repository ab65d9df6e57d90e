"""What a room looks like in the API."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from core.api.serializers import StrictModelSerializer, TextField
from patients.validators import NAME_INPUT
from scheduling.constraints.rooms import NAME_LENGTH
from scheduling.models import Room

printable = RegexValidator(
    NAME_INPUT, _("A name can't hold control characters."), code="control_character"
)


class RoomSerializer(StrictModelSerializer):
    """A room."""

    name = TextField(max_length=NAME_LENGTH, validators=[printable])

    class Meta:
        model = Room
        fields: ClassVar = ["id", "name", "capacity", "active", "created_at", "updated_at"]
        read_only_fields: ClassVar = ["id", "created_at", "updated_at"]
