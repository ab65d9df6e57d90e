"""The composition root. Importing it loads the Celery app, so that tasks bind to it."""

from fisioflow.celery import app as celery_app

__all__ = ["celery_app"]
