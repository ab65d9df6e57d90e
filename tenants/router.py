"""Maps every model onto a database: shared ones to the directory, a clinic's to its shard.

The alias it returns for a shard carries the clinic's stamp. Django keeps that alias in
`instance._state.db`, so every object, of any app, knows the clinic that it came from.
"""

from typing import Any, Self

from django.apps import apps
from django.conf import settings
from django.db import models

from tenants.context import DIRECTORY, Scope, current_scope
from tenants.errors import CrossClinicAccess, NoClinicActive


class StampedAlias(str):
    """A database alias that remembers the scope it was issued in; equal to the plain alias."""

    scope_key: str

    def __new__(cls, alias: str, scope_key: str) -> Self:
        stamped = super().__new__(cls, alias)
        stamped.scope_key = scope_key
        return stamped

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (str(self), self.scope_key)


def is_shared(app_label: str) -> bool:
    """Whether the app has tables in the directory."""
    return _listed(app_label, settings.SHARED_APPS)


def is_clinical(app_label: str) -> bool:
    """Whether the app has tables in each clinic's schema."""
    return _listed(app_label, settings.TENANT_APPS)


def stamp_of(instance: models.Model) -> str | None:
    """The scope key that the object was loaded or saved in; None for a new one."""
    return getattr(instance._state.db, "scope_key", instance._state.db)


def refuse_foreign(instance: models.Model) -> None:
    """Raise CrossClinicAccess for an object of another clinic than the current one.

    Django asks the router about an object only when no alias is named; this covers the other cases.
    """
    scope, stamp = current_scope(), stamp_of(instance)
    if scope is None or stamp is None or not is_clinical(instance._meta.app_label):
        return
    if not scope.maintenance_schema and stamp != stamp_of_scope(scope):
        raise CrossClinicAccess(model=instance._meta.label)


class ClinicRouter:
    """Django's database router (settings.DATABASE_ROUTERS)."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        return _route(model, hints.get("instance"))

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        return _route(model, hints.get("instance"))

    def allow_relation(self, obj1: models.Model, obj2: models.Model, **hints: Any) -> bool:
        return None in (stamp_of(obj1), stamp_of(obj2)) or stamp_of(obj1) == stamp_of(obj2)

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool:
        return is_shared(app_label) if db == DIRECTORY else is_clinical(app_label)


def _route(model: type[models.Model], instance: models.Model | None) -> str:
    label = model._meta.app_label
    scope = current_scope()
    if not is_clinical(label):
        return DIRECTORY

    if scope is None or scope.maintenance_schema:
        raise NoClinicActive(model=model._meta.label)
    if scope.clinic is None and not is_shared(label):
        raise NoClinicActive(model=model._meta.label)

    alias = _stamped(scope)
    if instance is not None and is_clinical(instance._meta.app_label):
        stamp = stamp_of(instance)
        if stamp is not None and stamp != stamp_of_scope(scope):
            raise CrossClinicAccess(model=instance._meta.label)

    return alias


def stamp_of_scope(scope: Scope) -> str:
    """What `stamp_of` gives for an object of this scope."""
    return scope.key if scope.clinic else DIRECTORY


def _stamped(scope: Scope) -> str:
    return StampedAlias(scope.clinic.shard, scope.key) if scope.clinic else DIRECTORY


def _listed(app_label: str, names: list[str]) -> bool:
    config = apps.get_app_config(app_label)
    return bool(
        {config.name, f"{type(config).__module__}.{type(config).__qualname__}"} & set(names)
    )
