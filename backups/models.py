"""The runs, kept in the directory. Only the store says which backups there are."""

from typing import ClassVar

from django.db import models
from django.db.models import JSONField, Q, Value
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from tenants.models import Clinic


class Run(models.Model):
    """One run for one clinic: a backup, its verification, a drill (restored aside), a restore."""

    class Kind(models.TextChoices):
        """What was run."""

        FULL = "full", _("Full backup")
        INCREMENT = "increment", _("Incremental backup")
        DRILL = "drill", _("Drill")
        RESTORE = "restore", _("Restore")
        VERIFY = "verify", _("Verification")

    class State(models.TextChoices):
        """How the run stands."""

        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(
        Clinic, verbose_name=_("clinic"), on_delete=models.CASCADE, related_name="backup_runs"
    )
    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default="running")
    backup_id = models.UUIDField(_("backup"), null=True)
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    # The moment up to which the clinic's data is in the store, by its server's clock.
    covers_until = models.DateTimeField(_("covers until"), null=True)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    error = models.CharField(_("error"), max_length=500, blank=True)
    # Keys of the objects that a drill or a verification found damaged: the next full avoids them.
    damaged = JSONField(
        _("damaged documents"), default=list, db_default=Value([], JSONField()), blank=True
    )

    class Meta:
        verbose_name = _("backup run")
        verbose_name_plural = _("backup runs")
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["clinic", "kind", "-started_at"], name="backups_run_by_clinic")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="running", finished_at=None)
                | ~Q(state="running") & Q(finished_at__isnull=False),
                name="backups_run_finished_or_running",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(error=""), name="backups_run_failed_has_error"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.started_at:%Y-%m-%d %H:%M}"


class ClinicBackups(Clinic):
    """A clinic, as the admin's page of backups shows it."""

    class Meta:
        proxy = True
        verbose_name = _("clinic's backups")
        verbose_name_plural = _("clinics' backups")
        default_permissions = ("view",)
