"""Background work acts under its task's own name, so that no task can forget to say who writes."""

from contextlib import AbstractContextManager
from typing import Any

from celery import Task

from core.actor import Actor, acting_as_job, current_actor

_REQUEST_ID = "fisioflow_request_id"  # the header


class NamedTask(Task[..., Any]):
    """The base of every task: acts as `job:<task>`, with the id of the request that started it."""

    abstract = True

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Celery's method; it also sends the current request's id."""
        headers = {_REQUEST_ID: current_actor().request_id, **(options.pop("headers", None) or {})}
        return super().apply_async(*args, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self.acting():
            return super().__call__(*args, **kwargs)

    def acting(self) -> AbstractContextManager[Actor]:
        """Act as this task inside the block."""
        request_id = str((self.request.headers or {}).get(_REQUEST_ID, ""))
        return acting_as_job(self.name, request_id=request_id)
