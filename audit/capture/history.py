"""History models: django-simple-history's, with rows that the database's triggers write.

A model says `history = TrackedHistory()`. Its `.history`, `as_of`, `diff_against` and admin pages
are the package's; `audit.capture.triggers` makes the triggers that fill the history.
"""

from collections.abc import Sequence
from typing import Any, Generic, Self, TypeVar

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from simple_history.manager import HistoricalQuerySet, HistoryManager
from simple_history.models import HistoricalRecords

from audit.capture.fields import Xid8Field
from tenants.clinic_model import ClinicQuerySet

DIGEST = "sha256"  # the comment of a history column that holds a digest instead of the value
PATIENT = "patient"  # the foreign key to a model's chart, unless it declares another

_M = TypeVar("_M", bound=models.Model, covariant=True)


class HistoryQuerySet(HistoricalQuerySet, ClinicQuerySet[_M], Generic[_M]):  # type: ignore[misc]
    """The versions of objects, bound to a clinic like every queryset."""

    def latest_of_each(self) -> Self:
        """The last version of each object.

        By history_id: the row's lock puts it in the order of the changes. Time stamps aren't in
        that order when a clock is set back.
        """
        later = self.filter(
            **{self._pk_attr: OuterRef(self._pk_attr)}, history_id__gt=OuterRef("history_id")
        )

        latest: Self = self.filter(~Exists(later))
        return latest


class HistoryRow(models.Model):
    """What every history row says besides its values: who, why, from where, in which transaction.

    The actor's name stays as it was at that time, whatever happens to the account.
    """

    actor_label = models.TextField(_("who"))
    ip_address = models.GenericIPAddressField(_("IP address"), null=True)
    user_agent = models.TextField(_("user agent"), blank=True)
    request_id = models.TextField(_("request"), blank=True)
    xid = Xid8Field()

    objects = HistoryQuerySet.as_manager()

    class Meta:
        abstract = True


META_COLUMNS = frozenset(
    {
        *(field.name for field in HistoryRow._meta.fields),
        *("history_id", "history_date", "history_type"),
        *("history_change_reason", "history_user_id"),
    }
)


class Histories(HistoryManager):  # type: ignore[misc]
    """`Model.history` and `object.history`. Nothing is written from Python."""

    def bulk_history_create(self, *args: Any, **kwargs: Any) -> list[Any]:
        """The triggers have written the rows already."""
        return []


class TrackedHistory(HistoricalRecords):  # type: ignore[misc]
    """Gives a model its history. Values of the fields in `digests` are kept as SHA-256 only.

    `chart` names the foreign key by which the model belongs to a patient's chart: to the patient,
    or to another model of the chart. It is the only one that gets an index in the history.

    A version in which the field `draft_until` is empty is a draft, for its author only: the trail
    shows it without its texts.
    """

    def __init__(
        self, *, digests: Sequence[str] = (), chart: str = PATIENT, draft_until: str = ""
    ) -> None:
        self.digests, self.chart, self.draft_until = digests, chart, draft_until

        super().__init__(
            bases=(HistoryRow,),
            history_id_field=models.BigAutoField(),
            history_user_id_field=models.UUIDField(_("user"), null=True),
            history_user_getter=lambda row: row.actor_label,
            history_change_reason_field=models.TextField(_("reason"), blank=True),
            history_manager=Histories,
            historical_queryset=HistoryQuerySet,
        )

    def create_historical_record(self, *args: Any, **kwargs: Any) -> None:
        """Does nothing: all the package's signals end here, and the trigger has written the row."""

    def fields_included(self, model: type[models.Model]) -> list[Any]:
        """All fields but generated ones, which follow from the others."""
        return [f for f in super().fields_included(model) if not f.generated]

    def copy_fields(self, model: type[models.Model]) -> dict[str, Any]:
        """The package's copies, without indexes and validators: the row itself was validated."""
        copies: dict[str, Any] = super().copy_fields(model)

        for name, field in copies.items():
            field.db_index = name == self.chart
            field._validators = []
            if name in self.digests:
                field.db_comment = DIGEST

        return copies

    def get_extra_fields(self, model: type[models.Model], fields: Any) -> dict[str, Any]:
        """The fields a version has besides its row's; history_id orders them: times may tie."""
        key = model._meta.pk.attname
        extra: dict[str, Any] = super().get_extra_fields(model, fields)

        def neighbours(row: Any) -> Any:
            return type(row).objects.filter(**{key: getattr(row, key)})

        extra["chart_reference"], extra["draft_until"] = self.chart, self.draft_until
        extra["history_date"] = models.DateTimeField(_("when"))

        extra["prev_record"] = property(
            lambda row: neighbours(row).filter(history_id__lt=row.history_id).first()
        )
        extra["next_record"] = property(
            lambda row: (
                neighbours(row).filter(history_id__gt=row.history_id).order_by("history_id").first()
            )
        )
        return extra

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        """Add indexes for an object's versions, the trail by time, a person, a request and sealing.

        The trail reads each type of change separately: a million changes may have no deletion.
        """
        name = f"h_{model._meta.model_name}"
        options: dict[str, Any] = super().get_meta_options(model)

        options["ordering"] = ("-history_date", "-history_id")
        options["default_permissions"] = ("view",)

        options["indexes"] = [
            models.Index(fields=[model._meta.pk.attname, "history_id"], name=f"{name}_object"),
            models.Index(
                fields=["history_type", "history_date", "history_id"], name=f"{name}_type_date"
            ),
            models.Index(
                fields=["history_user_id", "history_date"],
                name=f"{name}_user",
                condition=Q(history_user_id__isnull=False),
            ),
            models.Index(
                fields=["request_id"], name=f"{name}_request", condition=~Q(request_id="")
            ),
            models.Index(fields=["xid"], name=f"{name}_xid"),
        ]
        return options
