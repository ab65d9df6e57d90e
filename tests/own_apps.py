"""The project's own apps, from the top layer to the ground floor, as INSTALLED_APPS orders them."""

from pathlib import Path

from django.apps import AppConfig, apps

ROOT = Path(__file__).resolve().parent.parent


def own_apps() -> list[AppConfig]:
    """Every installed app whose folder stands in the checkout."""
    return [app for app in apps.get_app_configs() if Path(app.path).resolve().parent == ROOT]
