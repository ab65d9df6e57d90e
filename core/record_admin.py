"""The admin of a clinic's records: it writes through services and shows what they refuse.

It notes for the trail whose charts its pages show, and which refusals came back as a form.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from core.charts import charts_open
from core.constraints import refusal_of
from core.errors import FieldError, FisioFlowError
from core.requests import notes_of


@dataclass(frozen=True, slots=True)
class Services:
    """The services that write an admin's records. All are called with `acting_user`.

    `create` takes the form's fields, `update` the stored record and `changes`, `delete` the record;
    `record` is the name of the argument that takes the record. An admin must not permit an action
    that has no service.
    """

    record: str
    create: Callable[..., Any] | None = None
    update: Callable[..., Any] | None = None
    delete: Callable[..., Any] | None = None


class RecordAdmin(ModelAdmin):  # type: ignore[misc]
    """Subclasses name their `services`: nothing else writes."""

    services: ClassVar[Services]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Whether the list may be filtered so: only by what `list_filter` and the dates offer.

        Django allows every field of the model, and so answers questions about those not shown.
        """
        dates = [self.date_hierarchy] if self.date_hierarchy else []
        return any(_offers(one, lookup, self.model) for one in (*self.list_filter, *dates))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form. If saving is refused (in a race, say), it returns with the input and reasons.

        By then the transaction of the first attempt is rolled back.
        """
        show: Callable[..., HttpResponse] = super().changeform_view
        try:
            return show(request, object_id, form_url, extra_context)
        except (FisioFlowError, IntegrityError, ValidationError) as error:
            notes = notes_of(request)
            if isinstance(error, FisioFlowError):
                notes.refused_by = error
            notes.form_errors = list(reasons_of(error))
        return show(request, object_id, form_url, extra_context)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """The record that a form, a history or a deletion shows."""
        record = super().get_object(request, object_id, from_field)
        charts_open(request, [record] if record else [])
        return record

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list. Its rows are read here, and noted as shown."""
        response: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if "cl" in context:
            charts_open(request, context["cl"].result_list)
        return response

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form's class. After a refusal its forms are invalid, with the service's reasons."""
        base: Any = super().get_form(request, obj, change, **kwargs)

        errors = notes_of(request).form_errors
        if not errors:
            return base

        class RefusedForm(base):  # type: ignore[misc]
            def clean(self) -> Any:
                cleaned = super().clean()
                for field, reason in errors:
                    self.add_error(field if field in self.fields else None, reason)
                return cleaned

        return RefusedForm

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Create the record, or change what the person changed in the form."""
        services = self.services
        if not change:
            made = _required(services.create)(acting_user=request.user, **form.cleaned_data)
            obj.pk, obj._state = made.pk, made._state
            return

        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        stored = self.model._default_manager.get(pk=obj.pk)
        arguments = {services.record: stored, "changes": changes}
        _required(services.update)(acting_user=request.user, **arguments)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the record."""
        services = self.services
        _required(services.delete)(acting_user=request.user, **{services.record: obj})

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Delete one by one, as the form does."""
        for record in queryset:
            self.delete_model(request, record)

    def get_deleted_objects(
        self, objs: Sequence[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Only the records themselves: deleting marks their rows and touches no others."""
        counted = {str(self.opts.verbose_name_plural): len(objs)}
        return [str(record) for record in objs], counted, set(), []


# What Django's filters and its hierarchy of dates ask of a field.
_ASKED = {"", "exact", "isnull", "gte", "lt", "year", "month", "day"}


def _offers(offered: Any, lookup: str, model: type[models.Model]) -> bool:
    """Whether an entry of `list_filter` asks by this lookup."""
    if isinstance(offered, type):
        return bool(lookup == getattr(offered, "parameter_name", None))

    name: str = offered if isinstance(offered, str) else offered[0]
    related: Any = model._meta.get_field(name)
    asked = set(_ASKED)
    if related.is_relation:
        asked |= {f"{related.target_field.name}__exact"}
    return lookup == name or (lookup.startswith(f"{name}__") and lookup[len(name) + 2 :] in asked)


def _required(service: Callable[..., Any] | None) -> Callable[..., Any]:
    if service is None:
        raise TypeError("This admin has no service for that action, and must not permit it.")
    return service


def reasons_of(error: Exception) -> Iterator[tuple[str, str]]:
    """Field and reason of each error, for a form; the field is empty for the whole form.

    Re-raises errors that aren't meant for people: unknown ones, and those of status 500 and above.
    """
    if isinstance(error, IntegrityError):
        error = refusal_of(error)

    if isinstance(error, ValidationError):
        fields = error.update_error_dict({})
        for name, found in fields.items():
            field = "" if name == NON_FIELD_ERRORS else name
            yield from ((field, " ".join(one.messages)) for one in found)
        return

    if not isinstance(error, FisioFlowError) or error.status >= 500:
        raise error

    if isinstance(error, FieldError):
        yield error.field, error.detail
    elif errors := getattr(error, "errors", None):
        yield from ((str(one["field"]), str(one["detail"])) for one in errors)
    else:
        yield "", error.detail
