"""The trail in the clinic's admin: a list with filters, and each entry as a diff."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib.admin.utils import display_for_value
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from audit.capture.histories import histories
from audit.events.models import Event
from audit.trail.entries import Entry, Place, charts_in, entries_at
from audit.trail.filters import KINDS, ExportFilter, TrailFilter, tables
from audit.trail.views import export_response
from core.charts import charts_open_of

PAGE = 50  # entries
_NOTHING = "—"
_COLOURS = {"insert": "success", "update": "info", "delete": "danger", "access_refused": "danger"}


class DayInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """A text field that offers the browser's calendar."""

    input_type = "date"


class TrailAdmin(ModelAdmin):  # type: ignore[misc]
    """Read-only, for the owner and the auditor."""

    labels: ClassVar = {
        "from": _("From"),
        "to": _("To"),
        "kind": _("Kind"),
        "table": _("What"),
        "user": _("User"),
        "record": _("Record"),
        "patient": _("Patient"),
        "request": _("Request"),
    }

    def get_urls(self) -> list[Any]:
        """The list, its export and an entry; nothing can be added, changed or deleted."""
        view = self.admin_site.admin_view
        export = require_POST(self.export_view)
        return [
            path("", view(self.changelist_view), name="audit_event_changelist"),
            path("export/", view(export), name="audit_event_export"),
            path("<str:place>/", view(self.entry_view), name="audit_event_entry"),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """A page of the trail, newest first."""
        self._check(request)

        found = TrailFilter(request.GET, queryset=Event.objects.none())
        form = self._form(found)

        entries: list[Entry] = []
        if found.is_valid():
            try:
                after = request.GET.get("after")
                entries = found.qs.page(PAGE + 1, after=Place.parse(after) if after else None)
            except (ValueError, LookupError) as error:
                raise Http404 from error

        filters = {n: v for n, v in request.GET.items() if v and n in TrailFilter.base_filters}
        older = None
        if len(entries) > PAGE:
            older = urlencode(filters | {"after": str(entries[PAGE - 1].place)})

        context = {
            "title": _("Audit trail"),
            "form": form,
            "filters": urlencode(filters),
            "older": older,
            "entries": [self._line(entry) for entry in entries[:PAGE]],
        }
        return self._page(request, "audit/trail.html", context | (extra_context or {}))

    def entry_view(self, request: HttpRequest, place: str) -> TemplateResponse:
        """One entry: each value before and after, and all about who did it. Raises Http404."""
        self._check(request)
        try:
            (entry,) = entries_at([Place.parse(place)])
        except (ValueError, OverflowError) as error:
            raise Http404 from error

        charts_open_of(request, charts_in([entry]))
        line = self._line(entry)
        context = {
            "title": f"{line['what']}: {line['kind']}",
            "entry": line,
            "values": list(_values(entry)),
        }
        return self._page(request, "audit/entry.html", context)

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """The export of the entries that match the URL's filters."""
        self._check(request)
        query = request.GET.dict() | {"format": request.POST.get("format", "csv")}
        found = ExportFilter(query, queryset=Event.objects.none())
        if not found.is_valid():
            back = reverse("clinic:audit_event_changelist")
            return redirect(f"{back}?{request.GET.urlencode()}")

        return export_response(found.qs, found.form.cleaned_data["format"])

    def _check(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _page(self, request: HttpRequest, template: str, context: Any) -> TemplateResponse:
        request.current_app = self.admin_site.name
        shown = self.admin_site.each_context(request) | {"opts": self.opts} | context
        return TemplateResponse(request, template, shown)

    def _form(self, found: TrailFilter) -> forms.Form:
        form: forms.Form = found.form

        for name, field in form.fields.items():
            field.label = self.labels[name]
            if isinstance(field, forms.ChoiceField):
                field.widget = UnfoldAdminSelectWidget(choices=field.choices)
            else:
                of_day = name in {"from", "to"}
                field.widget = DayInput() if of_day else UnfoldAdminTextInputWidget()
        return form

    def _line(self, entry: Entry) -> dict[str, Any]:
        changed = [_label(entry.table, name) for name in entry.changed_fields]

        return {
            "entry": entry,
            "what": capfirst(str(dict(tables()).get(entry.table, entry.table) or _whose(entry))),
            "kind": dict(KINDS)[entry.kind],
            "colour": _COLOURS.get(entry.kind, ""),
            "changed": ", ".join(changed),
            "url": reverse("clinic:audit_event_entry", args=[entry.place]),
        }


def _whose(entry: Entry) -> Any:
    return _("Patient") if entry.patient_id else _NOTHING


def _values(entry: Entry) -> Iterator[tuple[str, str, str, bool]]:
    """Label, old value, new value and whether they differ; changed fields come first."""
    old, new = entry.old_values or {}, entry.new_values or {}
    names = sorted(new or old, key=lambda name: name not in entry.changed_fields)

    for name in names:
        changed = name in entry.changed_fields
        yield _label(entry.table, name), _shown(old.get(name)), _shown(new.get(name)), changed

    for name, value in (entry.details or {}).items():
        yield name, _NOTHING, _shown(value), False


def _label(table: str, name: str) -> str:
    return capfirst(str(histories()[table]._meta.get_field(name).verbose_name))


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        local = timezone.localtime(value)
        return f"{date_format(local, 'SHORT_DATE_FORMAT')} {time_format(local, 'H:i:s')}"
    return _NOTHING if value in (None, "") else str(display_for_value(value, _NOTHING))
