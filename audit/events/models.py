"""What changes no row: who looked, exported, signed in, was refused.

Events hold no content, only ids, kinds, names of fields and counts (SBIS NGS1.07.06).
"""

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from audit.capture.fields import Xid8Field
from tenants.clinic_model import ClinicQuerySet


class EventKind(models.TextChoices):
    """The kinds of events."""

    CHART_VIEWED = "chart_viewed", _("Chart viewed")
    EXPORTED = "exported", _("Exported")
    DOWNLOADED = "downloaded", _("File opened")
    PRINTED = "printed", _("Printed")
    SIGNED_IN = "signed_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
    SIGNED_OUT = "signed_out", _("Signed out")
    ACCESS_REFUSED = "access_refused", _("Access refused")
    ROLE_CHANGED = "role_changed", _("Role changed")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    IMPERSONATED = "impersonated", _("Support acted as a person")
    BACKED_UP = "backed_up", _("Backed up")
    RESTORED = "restored", _("Restored")


class Event(models.Model):
    """One event. The database fills in who, from where and when, and refuses any change."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(_("kind"), max_length=20, choices=EventKind.choices)
    occurred_at = models.DateTimeField(
        _("when"), db_default=Func(function="clock_timestamp"), editable=False
    )
    patient_id = models.UUIDField(_("patient"), null=True)
    table_name = models.TextField(_("table"), blank=True)
    record_id = models.TextField(_("record"), blank=True)
    details = models.JSONField(_("details"), default=dict, encoder=DjangoJSONEncoder)
    # The trigger audit_event_actor fills these in, from the setting that the backend sends.
    user_id = models.UUIDField(_("user"), null=True, editable=False)
    actor_label = models.TextField(_("who"), blank=True, editable=False)
    ip_address = models.GenericIPAddressField(_("IP address"), null=True, editable=False)
    user_agent = models.TextField(_("user agent"), blank=True, editable=False)
    request_id = models.TextField(_("request"), blank=True, editable=False)
    reason = models.TextField(_("reason"), blank=True, editable=False)
    xid = Xid8Field()

    objects: ClassVar = ClinicQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=EventKind.values), name="audit_event_kind_known"
            ),
            models.CheckConstraint(
                condition=~Q(kind=EventKind.CHART_VIEWED) | Q(patient_id__isnull=False),
                name="audit_event_view_of_a_chart",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["occurred_at", "id"], name="audit_event_date"),
            models.Index(
                F("patient_id"),
                F("user_id"),
                F("occurred_at"),
                name="audit_event_patient",
                condition=Q(patient_id__isnull=False),
            ),
            models.Index(
                fields=["user_id", "occurred_at"],
                name="audit_event_user",
                condition=Q(user_id__isnull=False),
            ),
            models.Index(
                fields=["request_id"], name="audit_event_request", condition=~Q(request_id="")
            ),
            models.Index(fields=["kind", "occurred_at", "id"], name="audit_event_kind"),
            models.Index(
                fields=["record_id"], name="audit_event_record", condition=~Q(record_id="")
            ),
            models.Index(
                fields=["table_name", "occurred_at"],
                name="audit_event_table",
                condition=~Q(table_name=""),
            ),
            models.Index(fields=["xid"], name="audit_event_xid"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.id}"
