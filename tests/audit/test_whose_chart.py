"""Which chart a row belongs to: every model that refers to a patient declares it."""

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.test import RequestFactory

from audit.capture import whose_chart
from audit.capture.classification import is_history
from audit.capture.whose_chart import chart_models, chart_path
from core import charts as opened
from patients.models import Patient
from tenants.router import is_clinical

pytestmark = pytest.mark.without_database

CLINICAL = [
    model
    for model in apps.get_models(include_auto_created=True)
    if is_clinical(model._meta.app_label) and not is_history(model)
]


def refers_to_a_patient(model: type[models.Model]) -> bool:
    """Whether foreign keys lead from the model to a patient, straight or through other models."""
    reached: list[type[models.Model]] = [model]
    for one in reached:  # grows on the way
        targets = [field.related_model for field in one._meta.concrete_fields]
        reached += [
            target for target in targets if isinstance(target, type) and target not in reached
        ]

    return Patient in reached


@pytest.mark.parametrize("model", CLINICAL, ids=lambda model: model._meta.label)
def test_a_model_that_refers_to_a_patient_declares_its_chart(model: type[models.Model]) -> None:
    assert bool(chart_path(model)) == refers_to_a_patient(model), (
        f"{model._meta.label} refers to a patient: declare the foreign key that says whose chart"
        " its rows are of, `history = TrackedHistory(chart=…)`."
    )


def test_a_chart_is_found_through_what_lies_between() -> None:
    ways = {table: chart_path(model) for table, model in chart_models().items()}

    assert ways == {
        "exercises_exerciselog": "item__prescription__patient_id",
        "exercises_prescription": "patient_id",
        "exercises_prescriptionitem": "prescription__patient_id",
        "patients_clinicalnote": "patient_id",
        "patients_consent": "patient_id",
        "patients_document": "patient_id",
        "patients_patient": "id",
        "scheduling_appointment": "patient_id",
        "scheduling_series": "patient_id",
    }
    assert chart_path(Patient.history.model) == "id"


def test_without_a_patients_model_no_row_has_a_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whose_chart, "_PATIENT", [])
    chart_path.cache_clear()

    with pytest.raises(ImproperlyConfigured, match="whose charts"):
        chart_path(Patient)


def test_without_a_registered_function_nothing_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opened, "_CHART_OF", [])

    with pytest.raises(ImproperlyConfigured, match="whose chart"):
        opened.charts_open(RequestFactory().get("/"), [])
