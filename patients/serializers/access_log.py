"""The access log of a chart, and the prints that are reported to it."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.models import Role
from audit.capture.whose_chart import chart_models, chart_path
from audit.models import EventKind
from core.actor import is_support
from core.api.serializers import StrictSerializer, UUIDField


class AccessSerializer(serializers.Serializer[Any]):
    """Somebody looked at the chart, opened a file of it, printed or exported it."""

    occurred_at = serializers.DateTimeField(read_only=True)
    kind = serializers.ChoiceField(choices=EventKind.choices, read_only=True)
    who = serializers.CharField(
        source="actor_label", read_only=True, help_text="The name that they had then."
    )
    role = serializers.SerializerMethodField(
        help_text="Of the person, today. Null for a job, and for support that acted as somebody."
    )

    def get_role(self, event: Any) -> Role | None:
        """The annotation that the view adds."""
        return Role(event.role) if event.role and not is_support(event.actor_label) else None


class PrintSerializer(StrictSerializer):
    """What is printed: a table of the chart, or one record of it."""

    table = serializers.ChoiceField(choices=sorted(chart_models()))
    record_id = UUIDField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a record of another chart."""
        if record_id := attrs.get("record_id"):
            model = chart_models()[attrs["table"]]
            of_chart = {str(chart_path(model)): self.context["patient"].pk}
            if not model._default_manager.filter(pk=record_id, **of_chart).exists():
                message = _("The patient's chart has no such record.")
                raise serializers.ValidationError({"record_id": message}, code="does_not_exist")
        return attrs
