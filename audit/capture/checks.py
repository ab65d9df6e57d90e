"""Checks of models and logins; a clinic's model that isn't classified stops every command."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks as django_checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import models

from audit.capture.classification import EXEMPT, is_history, is_tracked
from tenants.router import is_clinical


@register()
def every_clinical_model_is_classified(**_: Any) -> list[CheckMessage]:
    """E001: neither tracked nor exempt. E002: exempt, but tracked or gone. E003: partly kept."""
    clinical = {
        model._meta.label: model
        for model in apps.get_models(include_auto_created=True)
        if is_clinical(model._meta.app_label) and not is_history(model) and not model._meta.proxy
    }

    found = [*_unknown(clinical), *_stale(clinical)]

    for model in filter(is_tracked, clinical.values()):
        found += _escapes(model)
    return found


def _unknown(clinical: dict[str, type[models.Model]]) -> list[CheckMessage]:
    return [
        Error(
            f"{label} is neither tracked nor exempt.",
            hint="Give it `history = TrackedHistory()`, or a reason to go without"
            " one (audit/capture/classification.py).",
            obj=model,
            id="audit.E001",
        )
        for label, model in clinical.items()
        if not is_tracked(model) and label not in EXEMPT
    ]


def _stale(clinical: dict[str, type[models.Model]]) -> list[CheckMessage]:
    return [
        Error(
            f"{label} is exempt from tracking, but is tracked or isn't a clinic's model.",
            hint="Take its line out of audit/capture/classification.py.",
            id="audit.E002",
        )
        for label in EXEMPT
        if label not in clinical or is_tracked(clinical[label])
    ]


def _escapes(model: type[models.Model]) -> list[CheckMessage]:
    """E003: what the table's history could not hold."""
    options: Any = model._meta
    escapes = {
        "has a many-to-many field: declare `through`, and track that model": any(
            field.remote_field.through._meta.auto_created is model
            and f"{options.app_label}.{field.remote_field.through.__name__}" not in EXEMPT
            for field in options.local_many_to_many
        ),
        "inherits from a table: its history would lack that table's columns": bool(options.parents),
        "has a key of several columns: versions are told apart by one": isinstance(
            options.pk, models.CompositePrimaryKey
        ),
        "isn't managed: no migration makes its triggers": not options.managed,
        "leaves fields out of its history: as_of would show today's values": bool(
            model.history.model._history_excluded_fields  # type: ignore[attr-defined]
        ),
    }

    return [
        Error(f"{options.label} {what}.", obj=model, id="audit.E003")
        for what, wrong in escapes.items()
        if wrong
    ]


@register(Tags.security, deploy=True)
def the_application_owns_nothing(**_: Any) -> list[CheckMessage]:
    """W001: a login that isn't the application's role could switch the trail off."""
    return [
        django_checks.Warning(
            f"{alias} signs in as {database['USER']}, not as the application's role"
            f" {settings.APP_ROLE}.",
            hint="docs/how-to/deploy.md: the owner's address goes into the OWNER variable.",
            id="audit.W001",
        )
        for alias, database in settings.DATABASES.items()
        if database["USER"] != settings.APP_ROLE
    ]
