"""The directory: which clinics there are, under which names they answer, and where they live."""

from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from core.ids import uuid7
from tenants.context import ClinicRoute

SCHEMA_NAME_PATTERN = r"^[a-z][a-z0-9_]{1,48}$"
_STATES = "AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO"
STATES = tuple(_STATES.split())
DOMAIN_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$"


class Shard(models.Model):  # type: ignore[django-manager-missing]
    """A PostgreSQL server that holds clinics: the database alias `shard_<N>`."""

    class State(models.TextChoices):
        OPEN = "open", _("Open: takes new clinics")
        DRAINING = "draining", _("Draining: takes no new clinics")
        CLOSED = "closed", _("Closed: holds no clinics")

    alias = models.CharField(
        _("alias"),
        primary_key=True,
        max_length=20,
        validators=[RegexValidator(r"^shard_[0-9]+$")],
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    weight = models.PositiveIntegerField(
        _("weight"),
        default=100,
        validators=[MinValueValidator(1)],
        help_text=_("Share of new clinics, relative to the other open shards."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("shard")
        verbose_name_plural = _("shards")
        ordering = ["alias"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(alias__regex=r"^shard_[0-9]+$"), name="tenants_shard_alias_form"
            ),
            models.CheckConstraint(
                condition=models.Q(weight__gte=1), name="tenants_shard_weight_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "draining", "closed"]),
                name="tenants_shard_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.alias


class Clinic(TenantMixin):  # type: ignore[misc]
    """A clinic: one schema on one shard. Only `tenants.services` creates and closes it."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        CLOSED = "closed", _("Closed")

    class Plan(models.TextChoices):
        STARTER = "starter", _("Starter")
        PROFESSIONAL = "professional", _("Professional")
        ENTERPRISE = "enterprise", _("Enterprise")

    # django-tenants would create and drop schemas on the default alias when a row is saved.
    auto_create_schema = False
    auto_drop_schema = False

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    schema_name = models.CharField(
        _("schema name"),
        max_length=49,
        unique=True,
        editable=False,
        validators=[RegexValidator(SCHEMA_NAME_PATTERN)],
    )
    name = models.CharField(_("name"), max_length=100)
    shard = models.ForeignKey(
        Shard, models.PROTECT, related_name="clinics", verbose_name=_("shard"), editable=False
    )
    epoch = models.PositiveBigIntegerField(_("epoch"), default=1, editable=False)
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.ACTIVE, editable=False
    )
    plan = models.CharField(_("plan"), max_length=12, choices=Plan.choices, default=Plan.STARTER)
    time_zone = models.CharField(_("time zone"), max_length=64, default="America/Sao_Paulo")
    state = models.CharField(
        _("state"),
        max_length=2,
        blank=True,
        choices=[(state, state) for state in STATES],
        help_text=_("Its holidays close the agenda, beside the national ones."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("clinic")
        verbose_name_plural = _("clinics")
        ordering = ["schema_name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(schema_name__regex=SCHEMA_NAME_PATTERN),
                name="tenants_clinic_schema_name_form",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "closed"]),
                name="tenants_clinic_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(plan__in=["starter", "professional", "enterprise"]),
                name="tenants_clinic_plan_known",
            ),
            models.CheckConstraint(
                condition=models.Q(epoch__gte=1), name="tenants_clinic_epoch_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["", *STATES]), name="tenants_clinic_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """An ordinary save: the services make the schema."""
        models.Model.save(self, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: a clinic's records are kept (Lei 13.787/2018, art. 6). Close it instead."""
        raise TypeError("Clinics are closed (tenants.services.clinic_close), never deleted.")

    def clean(self) -> None:
        super().clean()
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValidationError({"time_zone": _("This is no IANA time zone.")}) from error

    @property
    def route(self) -> ClinicRoute:
        """The address of the clinic's data."""
        return ClinicRoute(
            clinic_id=self.id,
            schema=self.schema_name,
            shard=self.shard_id,
            epoch=self.epoch,
            time_zone=self.time_zone,
            plan=self.plan,
            state=self.state,
        )

    # django-tenants' ways into a tenant know one database alias (and restore a wrong one).
    def _refuse_stock_api(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("Enter a clinic with tenants.context.clinic_scope(clinic.route).")

    __enter__ = activate = create_schema = _drop_schema = _refuse_stock_api
    deactivate = classmethod(lambda cls: cls._refuse_stock_api(cls))


class Domain(DomainMixin):  # type: ignore[misc]
    """A host name that a clinic answers to."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    domain = models.CharField(
        _("domain"), max_length=253, unique=True, validators=[RegexValidator(DOMAIN_PATTERN)]
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("domain")
        verbose_name_plural = _("domains")
        ordering = ["domain"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(domain__regex=DOMAIN_PATTERN), name="tenants_domain_domain_form"
            ),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(is_primary=True),
                name="tenants_domain_one_primary",
            ),
        ]

    def __str__(self) -> str:
        return str(self.domain)
