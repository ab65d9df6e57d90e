"""The schedule of periodic work in the platform's admin: the package's pages in our looks."""

from typing import Any

from django_celery_beat import admin as beat
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget


class TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):  # type: ignore[misc]
    """The registered tasks, in the admin's looks."""


class PeriodicTaskForm(beat.PeriodicTaskForm):  # type: ignore[misc]
    """The package's form in the admin's looks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


class PeriodicTaskAdmin(beat.PeriodicTaskAdmin, ModelAdmin):  # type: ignore[misc]
    """The schedule of periodic work."""

    form = PeriodicTaskForm


class ScheduleAdmin(ModelAdmin):  # type: ignore[misc]
    """When: intervals, cron lines, moments."""
