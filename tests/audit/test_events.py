"""Events say that something happened, never what a chart says."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from pytest_django import DjangoAssertNumQueries

from audit.events.services import chart_view_record, event_record
from audit.models import Event, EventKind
from core.actor import Actor, acting
from tenants.context import ClinicRoute, clinic_scope
from tenants.postgresql.owner import as_owner
from tests.people import FreshClinic, InThreads

CHART, OTHER = UUID(int=1), UUID(int=2)
ANA = Actor(user_id=str(UUID(int=7)), label="Ana", request_id="first-request")
BIA = Actor(user_id=str(UUID(int=8)), label="Bia")


def views() -> list[tuple[str, UUID | None]]:
    found = Event.objects.filter(kind=EventKind.CHART_VIEWED).order_by("id")
    return list(found.values_list("actor_label", "patient_id"))


def test_an_event_has_what_was_said_and_who_acted(in_norte: ClinicRoute) -> None:
    with acting(ANA):
        event_record(
            kind=EventKind.EXPORTED,
            patient_id=CHART,
            table_name="patients_patient",
            record_id=CHART,
            details={
                "format": "csv",
                "count": 12,
                "filters": ["user", "from"],
                "from": datetime(2026, 3, 2, tzinfo=UTC),
                "operator_id": OTHER,
            },
        )

    event = Event.objects.latest("id")
    assert (event.kind, event.patient_id, event.record_id) == ("exported", CHART, str(CHART))
    assert (str(event.user_id), event.actor_label) == (ANA.user_id, "Ana")
    assert event.request_id == "first-request"
    assert event.details == {
        "format": "csv",
        "count": 12,
        "filters": ["user", "from"],
        "from": "2026-03-02T00:00:00Z",
        "operator_id": str(OTHER),
    }


@pytest.mark.parametrize(
    "details",
    [
        {"medical_history": "Lombalgia."},
        {"note": "x"},
        {"code": "Lombalgia crônica"},
        {"code": {"old": "a", "new": "b"}},
        {"count": "12"},
        {"count": True},
        {"fields": ["phone", "Rua das Flores, 12"]},
        {"fields": "phone"},
        {"from": "ontem"},
        {"from": datetime(2026, 3, 2)},  # noqa: DTZ001  without a zone it is refused
        {"email_sha256": "ana@norte.example"},
        {"operator_id": "Ana"},
        {"route": "/api/v1/patients?q=Ana"},
    ],
)
def test_details_that_may_be_content_are_refused(
    in_norte: ClinicRoute, details: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=r"audit\.events\.details") as refused:
        event_record(kind=EventKind.PRINTED, details=details)

    assert "Lombalgia" not in str(refused.value)
    assert not Event.objects.filter(kind=EventKind.PRINTED).exists()


@pytest.mark.parametrize("named", [{"table_name": "Ana Souza"}, {"record_id": "Ana Souza"}])
def test_a_table_and_a_record_are_named_by_ids(
    in_norte: ClinicRoute, named: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="An event's"):
        event_record(kind=EventKind.PRINTED, **named)


def test_a_chart_is_seen_once_in_a_quarter_of_an_hour_by_each_person(
    in_norte: ClinicRoute,
) -> None:
    with acting(ANA):
        assert chart_view_record(patient_ids=[CHART, CHART]) == 1
        assert chart_view_record(patient_ids=[CHART, OTHER]) == 1
        assert chart_view_record(patient_ids=[]) == 0

    with acting(BIA):
        assert chart_view_record(patient_ids=[OTHER]) == 1

    assert views() == [("Ana", CHART), ("Ana", OTHER), ("Bia", OTHER)]


def test_support_that_acts_as_a_person_doesnt_hide_behind_their_view(
    in_norte: ClinicRoute,
) -> None:
    support = Actor(user_id=ANA.user_id, label="support: Root as Ana")
    for actor in (ANA, support):
        with acting(actor):
            assert chart_view_record(patient_ids=[CHART]) == 1


def test_a_job_that_reads_charts_is_recorded_by_its_name(in_norte: ClinicRoute) -> None:
    job = Actor(label="job:report")
    with acting(job):
        assert [chart_view_record(patient_ids=[CHART]) for _ in range(2)] == [1, 0]


def test_after_a_quarter_of_an_hour_it_is_another_view(fresh_clinic: FreshClinic) -> None:
    with clinic_scope(fresh_clinic.route), acting(ANA):
        chart_view_record(patient_ids=[CHART])
        age(fresh_clinic, "15 minutes 1 second")
        assert chart_view_record(patient_ids=[CHART]) == 1
        age(fresh_clinic, "14 minutes")
        assert chart_view_record(patient_ids=[CHART]) == 0


def test_a_page_of_charts_costs_one_statement(
    in_norte: ClinicRoute, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    charts = [uuid4() for _ in range(200)]
    chart_view_record(patient_ids=charts[:1])  # the clinic is entered
    with django_assert_num_queries(1, connection=connections[in_norte.shard]):
        assert chart_view_record(patient_ids=charts) == 199


def test_of_parallel_views_one_is_recorded(
    fresh_clinic: FreshClinic, in_threads: InThreads
) -> None:
    charts = [uuid4() for _ in range(20)]

    def look() -> int:
        with clinic_scope(fresh_clinic.route), acting(ANA):
            return chart_view_record(patient_ids=charts)

    assert sorted(in_threads(6, look)) == [0, 0, 0, 0, 0, 20]


def test_an_event_stays_as_it_is(in_norte: ClinicRoute) -> None:
    event_record(kind=EventKind.PRINTED, patient_id=CHART)
    with pytest.raises(Exception, match="permission denied"):
        Event.objects.filter(patient_id=CHART).update(actor_label="Nobody")


def test_nobody_records_unnamed(in_norte: ClinicRoute) -> None:
    with acting(Actor()), pytest.raises(Exception, match="nobody acts"):
        chart_view_record(patient_ids=[CHART])


def age(clinic: FreshClinic, by: str) -> None:
    """Make the clinic's events older. Only the owner can, with the guards switched off."""
    with as_owner(clinic.route.shard), connections[clinic.route.shard].cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_event SET occurred_at = occurred_at - %s::interval", [by])
        cursor.execute("ALTER TABLE audit_event ENABLE TRIGGER USER")
