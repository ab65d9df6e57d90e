"""The audit trail's app: every migration of a schema renews its triggers and grants."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from core.errors import FisioFlowError
from tenants.signals import tables_changed, task_refused


class AuditConfig(AppConfig):
    """Who did what, when and why: the database captures it, this app reads and proves it."""

    name = "audit"
    verbose_name = _("Audit trail")

    def ready(self) -> None:
        from audit.capture import checks  # noqa: F401  registers them
        from audit.capture.whose_chart import chart_of
        from core.charts import register_chart_of

        register_chart_of(chart_of)

        tables_changed.connect(_follow, dispatch_uid="audit.follow")
        task_refused.connect(_keep_refusal, dispatch_uid="audit.keep_refusal")


def _follow(cursor: Any, schema: str, in_directory: bool, **_: Any) -> None:
    from audit.capture.privileges import grant
    from audit.capture.triggers import install

    install(cursor)
    grant(cursor, schema, in_directory=in_directory)


def _keep_refusal(error: FisioFlowError, task: str, **_: Any) -> None:
    from audit.events.access_refused import refusal_record

    if error.refuses_access:
        refusal_record(details={"code": error.code, "task": task})
