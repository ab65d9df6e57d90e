"""The composition root. Importing it loads the Celery app, so that tasks bind to it.

The commands of backups do without Celery: they queue nothing, and their memory is bounded.
"""

import os

if os.environ.get("DJANGO_SETTINGS_MODULE") != "fisioflow.settings_backups":
    from fisioflow.celery import app as celery_app  # noqa: F401  found here by Celery
