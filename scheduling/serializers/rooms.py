"""What a room looks like in the API."""

from typing import ClassVar

from fisioflow.api.serializers import StrictModelSerializer
from scheduling.models import Room


class RoomSerializer(StrictModelSerializer):
    """A room."""

    class Meta:
        model = Room
        fields: ClassVar = ["id", "name", "capacity", "active", "created_at", "updated_at"]
        read_only_fields: ClassVar = ["id", "created_at", "updated_at"]
