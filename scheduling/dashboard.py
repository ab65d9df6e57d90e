"""The first page of the clinic's admin: today's agenda."""

from datetime import datetime, time, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from core.charts import charts_open
from patients.models import Patient
from scheduling.models import Appointment
from scheduling.states import Status
from tenants.context import current_scope

_MOST = 50  # rows of today's table


def clinic_dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add cards with counts, and today's appointments, to the context of the admin's index."""
    scope = current_scope()
    if scope is None or scope.clinic is None:
        return context

    start = _midnight(in_days=0)
    busy = Appointment.objects.taking_time()
    today = busy.within(start, _midnight(in_days=1))
    week = busy.within(start, _midnight(in_days=7))

    agenda = reverse("clinic:scheduling_appointment_changelist")
    context["cards"] = [
        (_("Appointments today"), today.count(), agenda),
        (_("In the next seven days"), week.count(), agenda),
        (
            _("Patients"),
            Patient.objects.alive().count(),
            reverse("clinic:patients_patient_changelist"),
        ),
    ]

    rows = today.select_related("patient", "therapist").order_by("start_time", "id")[:_MOST]
    charts_open(request, rows)
    context["title"] = f"{date_format(start, 'l')}, {date_format(start)}"
    context["agenda"] = {
        "headers": [_("Time"), _("Patient"), _("Therapist"), _("Status")],
        "rows": [_row(appointment) for appointment in rows],
    }

    return context


def _midnight(*, in_days: int) -> datetime:
    """The start of the clinic's day, `in_days` days from today."""
    day = timezone.localdate() + timedelta(days=in_days)
    return timezone.make_aware(datetime.combine(day, time()))


def _row(appointment: Appointment) -> list[str]:
    page = reverse("clinic:scheduling_appointment_change", args=[appointment.pk])
    start, end = (timezone.localtime(at) for at in (appointment.start_time, appointment.end_time))
    return [
        format_html('<a href="{}">{}–{}</a>', page, time_format(start), time_format(end)),
        appointment.patient.name,
        appointment.therapist.full_name,
        str(Status(appointment.status).label),
    ]
