"""Celery tasks of a clinic: a task's body runs inside the clinic that its first argument names."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from core.errors import FisioFlowError
from core.jobs import NamedTask
from tenants.context import clinic_scope, platform_scope
from tenants.directory import route_by_id
from tenants.models import Clinic
from tenants.signals import task_refused


class ClinicTask(NamedTask):
    """Takes `clinic_id` (text of a UUID) first, and runs the body in that clinic's scope.

    The job is who acts, under the id of the request that started it.
    """

    abstract = True

    def __call__(self, clinic_id: str, *args: Any, **kwargs: Any) -> Any:
        with self.acting(), clinic_scope(route_by_id(UUID(clinic_id))):
            try:
                return super().__call__(clinic_id, *args, **kwargs)
            except FisioFlowError as error:
                task_refused.send(type(self), error=error, task=self.name)
                raise


def for_each_clinic(task: ClinicTask, *, only: Callable[[UUID], bool] | None = None) -> int:
    """Enqueue the task once for every open clinic (that `only` accepts); returns how many."""
    with platform_scope():
        open_clinics = Clinic.objects.filter(status=Clinic.Status.ACTIVE)
        ids = [i for i in open_clinics.values_list("id", flat=True) if only is None or only(i)]
    for clinic_id in ids:
        task.delay(str(clinic_id))
    return len(ids)
