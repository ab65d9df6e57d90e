"""Seals: a chain of hashes over the rows of histories and events.

`sealing` writes them, `chain` checks them, and `offline_verifier` checks them without a database.
The keys and hashes of rows reveal nothing of their content.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.capture.fields import Xid8Field
from tenants.clinic_model import ClinicQuerySet


class Seal(models.Model):
    """One link of the chain: covers the rows that became visible since the seal before."""

    number = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField()  # when the transaction that sealed began
    snapshot = models.TextField()  # pg_snapshot of the transaction that sealed
    server = models.TextField()  # system identifier, timeline and transaction
    # Whether transaction ids continue those of the seal before: no restore and no move since.
    goes_on = models.BooleanField(db_default=False)
    previous = models.TextField(blank=True)
    hash = models.TextField()
    xid = Xid8Field()

    objects: ClassVar = ClinicQuerySet.as_manager()

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(number__gte=1), name="audit_seal_number_positive"),
            models.CheckConstraint(
                condition=Q(hash__regex="^[0-9a-f]{64}$"), name="audit_seal_hash_form"
            ),
            models.UniqueConstraint(fields=["hash"], name="audit_seal_hash_once"),
            # An empty `previous` begins the chain; two seals with the same one would be a fork.
            models.UniqueConstraint(fields=["previous"], name="audit_seal_no_fork"),
            models.CheckConstraint(
                condition=Q(previous__regex="^[0-9a-f]{64}$") | Q(number=1, previous=""),
                name="audit_seal_chained",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.hash}"


class SealedTable(models.Model):
    """The rows of one table that a seal covers: key, record and SHA-256 of each, by key.

    `columns` are the columns that the hashes cover, in their order (`sealable.row_hash_sql`).
    `root` is SHA-256 over key, record and hash of every row (`offline_verifier.Root`).
    """

    id = models.BigAutoField(primary_key=True)
    seal = models.ForeignKey(Seal, models.PROTECT, related_name="tables", db_index=False)
    table_name = models.TextField()
    columns = ArrayField(models.TextField())
    row_ids = ArrayField(models.BigIntegerField())
    record_ids = ArrayField(models.UUIDField(null=True))
    hashes = ArrayField(models.BinaryField())
    row_count = models.BigIntegerField()
    root = models.BinaryField()
    xid = Xid8Field()

    objects: ClassVar = ClinicQuerySet.as_manager()

    class Meta:
        verbose_name = _("sealed table")
        verbose_name_plural = _("sealed tables")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["table_name", "seal"], name="audit_sealedtable_once_a_seal"
            ),
            models.CheckConstraint(
                condition=Q(row_count__gte=1), name="audit_sealedtable_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seal_id} {self.table_name}"
