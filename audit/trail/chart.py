"""A patient's chart in the histories: the versions in it, and its state at a moment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from audit.capture.histories import histories
from audit.capture.whose_chart import chart_path, chart_reference, patient_model


def of_patient(history: Any, patient_id: UUID) -> Q | None:
    """The condition for versions in a patient's chart; None for a table that is in no chart.

    Where other models lie between (an item of a prescription), a version belongs to the chart if
    any version of the object that it refers to does.
    """
    if chart_path(history) is None:
        return None
    if history.instance_type is patient_model():
        return Q(id=patient_id)

    reference = chart_reference(history)
    if reference.related_model is patient_model():
        return Q((reference.attname, patient_id))

    between = histories()[reference.related_model._meta.db_table]
    versions = between.objects.filter(of_patient(between, patient_id)).order_by()
    return Q((f"{reference.attname}__in", versions.values("id")))


def chart_as_of(patient_id: UUID, at: datetime) -> dict[str, list[Any]]:
    """What the chart held at `at`: by table, the objects as they were, unsaved.

    An object is in the chart that it belonged to at that moment. Tables that held nothing are left
    out, and before the patient was registered the chart is empty.
    """
    chart = {}
    for history in histories().values():
        condition = of_patient(history, patient_id)
        if condition is None:
            continue

        then = history.objects.filter(history_date__lte=at).latest_of_each()
        objects = list(then.filter(condition).order_by("id").as_instances())
        if objects:
            chart[history.instance_type._meta.db_table] = objects
    return chart
