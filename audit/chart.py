"""A patient's whole chart as it stood at a moment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from audit.sources import chart_histories, of_patient


def chart_as_of(patient_id: UUID, at: datetime) -> dict[str, list[Any]]:
    """What the chart held at `at`: by table, the objects as they were, unsaved.

    An object is of the chart that it belonged to at that moment. Tables that held nothing are left
    out; the chart is empty before the patient was registered.
    """
    chart = {}
    for history in chart_histories():
        condition = of_patient(history, patient_id)
        then = history.objects.filter(history_date__lte=at).latest_of_each()
        objects = list(then.filter(condition).order_by("id").as_instances())
        if objects:
            chart[history.instance_type._meta.db_table] = objects
    return chart
