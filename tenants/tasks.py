"""Celery tasks of a clinic: a task's body runs inside the clinic that its first argument names."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from celery import Task

from core.actor import acting_as_job, current_actor
from core.errors import FisioFlowError
from tenants.context import clinic_scope, platform_scope
from tenants.directory import route_by_id
from tenants.models import Clinic
from tenants.signals import task_refused

_REQUEST_ID = "fisioflow_request_id"  # the header


class ClinicTask(Task[..., Any]):
    """Takes `clinic_id` (text of a UUID) first, and runs the body in that clinic's scope.

    The job is who acts, under the id of the request that started it.
    """

    abstract = True

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Celery's, with the request's id."""
        headers = {_REQUEST_ID: current_actor().request_id, **(options.pop("headers", None) or {})}
        return super().apply_async(*args, headers=headers, **options)

    def __call__(self, clinic_id: str, *args: Any, **kwargs: Any) -> Any:
        request_id = str((self.request.headers or {}).get(_REQUEST_ID, ""))
        job = acting_as_job(self.name, request_id=request_id)
        with job, clinic_scope(route_by_id(UUID(clinic_id))):
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
