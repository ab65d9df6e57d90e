"""The history of a record in the admins: its versions, their changes, and reverting to one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from simple_history.admin import SimpleHistoryAdmin
from simple_history.template_utils import HistoricalRecordContextHelper
from unfold.admin import ModelAdmin

from audit.capture.history import DIGEST
from audit.trail.entries import HIDDEN
from core.actor import acting, current_actor
from core.record_admin import RecordAdmin
from core.requests import notes_of


class HistoryAdmin(SimpleHistoryAdmin, ModelAdmin):  # type: ignore[misc]
    """django-simple-history's pages, for everybody who may see the record's own page.

    In a clinic, Django's log of the admin isn't written, because the history says more.
    """

    object_history_form_template = "audit/version.html"

    def get_urls(self) -> list[Any]:
        """Adds the page of a version, found by the version's number."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_simple_history"
        view = self.admin_site.admin_view(self.history_form_view)
        version = path("<path:object_id>/history/<int:version_id>/", view, name=name)
        return [version, *super(SimpleHistoryAdmin, self).get_urls()]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The versions, newest first. Refuses a record that the admin doesn't show."""
        if self.get_object(request, unquote(object_id)) is None:
            return self._missing(request, object_id)

        page: HttpResponse = super().history_view(request, object_id, extra_context)
        return page

    def history_form_view(
        self,
        request: HttpRequest,
        object_id: str,
        version_id: int,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The record's form with the version's values. Saving it reverts, as an ordinary change."""
        record = self.get_object(request, unquote(object_id))
        if record is None:
            return self._missing(request, object_id)

        version = self._versions(request, record).filter(history_id=version_id).first()
        if version is None:
            raise Http404

        if request.method == "POST":
            with acting(replace(current_actor(), reason=f"revert to version {version_id}")):
                page: HttpResponse = self.changeform_view(request, object_id)
            return page

        shown = version.instance
        shown._state.adding = False
        notes_of(request).shown_instead = shown

        locked = self.revert_disabled(request, record)
        history = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_history"
        said = {"record": record, "date": _moment(version.history_date)}
        context = {
            "title": _("%(record)s as of %(date)s") % said,
            "history_url": reverse(history, args=[object_id]),
            "revert_disabled": locked,
            "change_history": False,
        }

        form: HttpResponse = self.changeform_view(request, object_id, extra_context=context)
        return form

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """The record; on a version's page, the version."""
        version = notes_of(request).shown_instead
        return version or super().get_object(request, object_id, from_field)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """The inlines; none on a version's page, where they would show records as of today."""
        return [] if notes_of(request).shown_instead else list(super().get_inlines(request, obj))

    def render_change_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form; a version's page has its own buttons."""
        page = super().render_change_form(request, *args, **kwargs)
        if notes_of(request).shown_instead:
            page.template_name = self.object_history_form_template
        return page

    def set_history_delta_changes(
        self,
        request: HttpRequest,
        historical_records: Sequence[Any],
        foreign_keys_are_objs: bool = True,
    ) -> None:
        """Compares the page's last version too, with the one before it."""
        super().set_history_delta_changes(request, historical_records, foreign_keys_are_objs)

        for last in list(historical_records)[-1:]:
            before = self._versions(request, last).filter(history_id__lt=last.history_id).first()
            if before is not None:
                delta = last.diff_against(before, foreign_keys_are_objs=foreign_keys_are_objs)
                shown = self.get_historical_record_context_helper(request, last)
                last.history_delta_changes = shown.context_for_delta_changes(delta)

    def get_historical_record_context_helper(
        self, request: HttpRequest, historical_record: Any
    ) -> HistoricalRecordContextHelper:
        """Django-simple-history's helper, which hides values that the history keeps as a digest."""
        return _Shown(self.model, historical_record)

    def log_addition(self, *args: Any, **kwargs: Any) -> Any:
        return super().log_addition(*args, **kwargs) if self._keeps_log else None

    def log_change(self, *args: Any, **kwargs: Any) -> Any:
        return super().log_change(*args, **kwargs) if self._keeps_log else None

    def log_deletions(self, *args: Any, **kwargs: Any) -> Any:
        return super().log_deletions(*args, **kwargs) if self._keeps_log else None

    @property
    def _keeps_log(self) -> bool:
        return bool(self.admin_site.keeps_log)

    def _missing(self, request: HttpRequest, object_id: str) -> HttpResponse:
        page: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return page

    def _versions(self, request: HttpRequest, record: Any) -> Any:
        """The versions that the page shows, newest first; `record` may be a version itself."""
        key = self.opts.pk.attname
        history = self.model.history
        return self.get_history_queryset(request, history, key, getattr(record, key))


class TrackedAdmin(HistoryAdmin, RecordAdmin):
    """A record that services write and that has a history."""


def _moment(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{date_format(local, 'SHORT_DATE_FORMAT')} {time_format(local, 'H:i:s')}"


class _Shown(HistoricalRecordContextHelper):  # type: ignore[misc]
    def prepare_delta_change_value(self, change: Any, value: Any) -> Any:
        if self.record._meta.get_field(change.field).db_comment == DIGEST:
            return HIDDEN
        return super().prepare_delta_change_value(change, value)
