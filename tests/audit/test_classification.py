"""`manage.py check` names every model that isn't classified."""

import pytest
from django.core.checks import CheckMessage, run_checks
from django.db import models

from audit.capture import checks, classification
from audit.capture.classification import Access, Exemption, access_by_table
from scheduling.models import Room

pytestmark = pytest.mark.without_database


def ids(found: list[CheckMessage]) -> list[str | None]:
    return [message.id for message in found]


def test_every_model_is_tracked_or_exempt_with_a_reason() -> None:
    assert checks.every_clinical_model_is_classified() == []
    assert all(len(exempt.reason) > 10 for exempt in classification.EXEMPT.values())


def test_a_model_that_nobody_classified_stops_every_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(classification.EXEMPT, "sessions.Session")
    (error,) = [message for message in run_checks() if message.is_serious()]
    assert (error.id, "sessions.Session" in error.msg) == ("audit.E001", True)


def test_an_exemption_of_what_is_tracked_or_gone_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for label in ("patients.Patient", "patients.Gone"):
        monkeypatch.setitem(classification.EXEMPT, label, Exemption(Access.READ, "a mistake here"))
    assert ids(checks.every_clinical_model_is_classified()) == ["audit.E002"] * 2


def test_what_a_history_cannot_hold_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Room._meta, "managed", False)
    monkeypatch.setattr(Room._meta, "parents", {models.Model: None})
    monkeypatch.setattr(Room.history.model, "_history_excluded_fields", ["name"])
    assert ids(checks.every_clinical_model_is_classified()) == ["audit.E003"] * 3


def test_a_history_cannot_tell_keys_of_several_columns_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Room._meta, "pk", models.CompositePrimaryKey("name", "capacity"))
    (error,) = checks.every_clinical_model_is_classified()
    assert (error.id, "several columns" in error.msg) == ("audit.E003", True)


def test_the_check_warns_of_a_login_that_owns_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    users = {"default": {"USER": "fisioflow_app"}, "shard_1": {"USER": "fisioflow"}}
    monkeypatch.setattr("audit.capture.checks.settings.DATABASES", users)
    (warning,) = checks.the_application_owns_nothing()
    assert (warning.id, warning.msg.split()[0]) == ("audit.W001", "shard_1")


def test_a_table_without_a_model_is_read_only() -> None:
    assert "clinic_epoch" not in access_by_table(in_directory=False)
    assert access_by_table(in_directory=False)["scheduling_historicalroom"] == Access.READ
    assert access_by_table(in_directory=False)["tenants_clinic"] == Access.READ
    assert access_by_table(in_directory=True)["tenants_clinic"] == Access.WRITE
