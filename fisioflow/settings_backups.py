"""Settings of the commands that make and restore backups: the apps with tables, and no others.

Their memory is bounded, and what serves requests or the schedule takes 10 MB. manage.py chooses
them; DJANGO_SETTINGS_MODULE, where it is set, overrules that.
"""

from fisioflow.settings import *  # noqa: F403
from fisioflow.settings import INSTALLED_APPS, SHARED_APPS, TENANT_APPS

_NEEDED = {"fisioflow", "core", "simple_history", *SHARED_APPS, *TENANT_APPS} - {
    "django_celery_beat"
}
INSTALLED_APPS = [app for app in INSTALLED_APPS if app in _NEEDED]
SHARED_APPS = [app for app in SHARED_APPS if app in _NEEDED]
