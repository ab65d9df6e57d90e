"""The Celery application, and the whole schedule of periodic work on one screen."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fisioflow.settings")
app = Celery("fisioflow", task_cls="core.jobs:NamedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# The database scheduler copies it into the directory. Times are UTC.
app.conf.beat_schedule = {
    "sweep expired sign-ins of every clinic": {
        "task": "accounts.tasks.sweep_every_clinic",
        "schedule": crontab(hour="7", minute="10"),
    },
    "seal the audit trail of each clinic once an hour, a twelfth of them at a time": {
        "task": "audit.tasks.seal_clinics_of_this_slot",
        "schedule": crontab(minute="*/5"),
    },
    "scan documents that still wait in every clinic": {
        "task": "patients.tasks.scan_waiting_of_every_clinic",
        "schedule": crontab(minute="*/10"),
    },
    "back up the clinics whose moment has come": {
        "task": "backups.tasks.back_up_due_clinics",
        "schedule": crontab(),
    },
    "remove old backups of every clinic": {
        "task": "backups.tasks.prune_every_clinic",
        "schedule": crontab(hour="6", minute="40"),
    },
    "drill the fulls that nobody has restored yet": {
        "task": "backups.tasks.drill_fresh_fulls",
        "schedule": crontab(minute="25"),
    },
    "free clinics whose restore died, drop old restore points": {
        "task": "backups.tasks.recover_shards",
        "schedule": crontab(minute="*/10"),
    },
}
