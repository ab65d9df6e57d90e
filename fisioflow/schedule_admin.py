"""The platform's pages of periodic work: django-celery-beat's, in our theme."""

from typing import Any

from django_celery_beat import admin as beat
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget


class TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):  # type: ignore[misc]
    """The choice of a registered task, in the admin's theme."""


class PeriodicTaskForm(beat.PeriodicTaskForm):  # type: ignore[misc]
    """django-celery-beat's form, in the admin's theme."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


class PeriodicTaskAdmin(beat.PeriodicTaskAdmin, ModelAdmin):  # type: ignore[misc]
    """What is done, and when."""

    form = PeriodicTaskForm


class ScheduleAdmin(ModelAdmin):  # type: ignore[misc]
    """When something is done: intervals, cron lines, moments."""
