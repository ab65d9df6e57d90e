"""An entry of the trail, as the API and the exports show it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.trail.entries import Change, Entry
from tenants.context import current_clinic

_ACTIONS = [*Change.names, None]
_VALUES = {"type": ["object", "null"], "additionalProperties": {}}


class ActorSerializer(serializers.Serializer[Entry]):
    """Who did it: the account, if there was one, and the name at that time."""

    id = serializers.UUIDField(source="user_id", allow_null=True)
    label = serializers.CharField(source="actor_label")  # type: ignore[assignment]  # a Field's


@extend_schema_field({"type": ["string", "null"], "enum": _ACTIONS})
class ActionField(serializers.CharField):
    """INSERT, UPDATE or DELETE; null for an event."""


@extend_schema_field(_VALUES)
class ValuesField(serializers.JSONField):
    """Values by column."""


class EntrySerializer(serializers.Serializer[Entry]):
    """One version of one object, or one event."""

    id = serializers.CharField(source="place")
    timestamp = serializers.DateTimeField()
    table = serializers.CharField()
    record_id = serializers.CharField()
    patient = serializers.UUIDField(source="patient_id", allow_null=True)  # whose chart it is in
    kind = serializers.CharField()
    action = ActionField(allow_null=True)
    changed_fields = serializers.ListField(child=serializers.CharField())
    old_values = ValuesField(allow_null=True)
    new_values = ValuesField(allow_null=True)
    details = ValuesField(allow_null=True)
    user = ActorSerializer(source="*")
    reason = serializers.CharField()
    ip_address = serializers.CharField(allow_null=True)
    user_agent = serializers.CharField()
    request_id = serializers.CharField()
    tenant = serializers.SerializerMethodField()

    def get_tenant(self, _entry: Entry) -> str:
        """The clinic's id."""
        return str(current_clinic().clinic_id)


def as_dicts(entries: Any) -> list[dict[str, Any]]:
    """The entries as JSON values."""
    return list(EntrySerializer(entries, many=True).data)
