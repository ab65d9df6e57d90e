"""The histories of a clinic's schema, from which charts and the trail are read."""

from functools import cache
from typing import Any

from django.apps import apps

from audit.capture.classification import is_history
from tenants.router import is_clinical


@cache
def histories() -> dict[str, Any]:
    """The history model of each tracked table, by the table's name and sorted by it."""
    found = {
        model.instance_type._meta.db_table: model  # type: ignore[attr-defined]
        for model in apps.get_models()
        if is_history(model) and is_clinical(model._meta.app_label)
    }
    return dict(sorted(found.items()))
