"""The base of every model that lives in a clinic's schema, and its querysets.

Objects carry the stamp of their clinic in `_state.db` (see `tenants.router`); a queryset keeps the
clinic that it was built in, and raises when it is evaluated in another.
"""

from collections.abc import Iterable
from typing import Any, Generic, Self, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from tenants.context import current_scope
from tenants.errors import CrossClinicAccess
from tenants.router import refuse_foreign

_M = TypeVar("_M", bound=models.Model, covariant=True)


class ClinicQuerySet(models.QuerySet[_M], Generic[_M]):
    """A queryset bound to one clinic: where it was built or, if outside any, first evaluated."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = current_scope()
        self._scope_key = scope.key if scope else None

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._scope_key = self._scope_key or clone._scope_key
        return clone

    def _check_scope(self) -> None:
        scope = current_scope()
        if scope and self._scope_key and self._scope_key != scope.key:
            raise CrossClinicAccess(model=self.model._meta.label)

    @property
    def db(self) -> str:
        self._check_scope()
        return super().db

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Refuses objects that were loaded in another clinic."""
        rows = list(objs)
        for row in rows:
            refuse_foreign(row)
        return super().bulk_create(rows, *args, **kwargs)

    def bulk_update(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> int:
        """Refuses objects that were loaded in another clinic."""
        rows = list(objs)
        for row in rows:
            refuse_foreign(row)
        return super().bulk_update(rows, *args, **kwargs)

    def _fetch_all(self) -> None:
        self._check_scope()
        scope = current_scope()
        if scope and self._scope_key is None:
            # Built outside any clinic, at import: its result cache is this clinic's from now on.
            self._scope_key = scope.key
        super()._fetch_all()


class ClinicModel(models.Model):
    """UUIDv7 key and time stamps, in a clinic's schema."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = ClinicQuerySet.as_manager()

    class Meta:
        abstract = True

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Refuses to read another clinic's row with the same key."""
        refuse_foreign(self)
        super().refresh_from_db(*args, **kwargs)
