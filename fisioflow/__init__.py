"""The composition root. Importing it loads the Celery app, so that tasks bind to it.

But for the commands of backups, which queue nothing and have a bound on their memory.
"""

import os

if os.environ.get("DJANGO_SETTINGS_MODULE") != "fisioflow.settings_backups":
    from fisioflow.celery import app as celery_app  # noqa: F401  found here by Celery
