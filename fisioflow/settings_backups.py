"""Settings of the commands that make and restore backups: only the apps with tables.

The memory of these commands is bounded, and what serves requests and the schedule takes 10 MB.
manage.py chooses these settings unless DJANGO_SETTINGS_MODULE is set.
"""

from fisioflow import installed_apps
from fisioflow.settings import *  # noqa: F403

_NEEDED = {
    *("fisioflow", "core", "simple_history"),
    *installed_apps.SHARED_APPS,
    *installed_apps.TENANT_APPS,
} - {"django_celery_beat"}
INSTALLED_APPS = [app for app in installed_apps.INSTALLED_APPS if app in _NEEDED]
SHARED_APPS = [app for app in installed_apps.SHARED_APPS if app in _NEEDED]
