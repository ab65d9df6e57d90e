"""Filters of lists that refuse what they don't know: a misspelt filter must not show everything."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters import IsoDateTimeFilter
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from fisioflow.api.pagination import PARAMETERS as OF_PAGES
from fisioflow.api.serializers import MomentField


class _MomentInput(forms.Field):
    def to_python(self, value: Any) -> datetime | None:
        try:
            return MomentField().run_validation(value) if value else None
        except ValidationError as error:
            (detail,) = error.detail
            code = getattr(detail, "code", "invalid")
            raise forms.ValidationError(str(detail), code=code) from error


class MomentFilter(IsoDateTimeFilter):  # type: ignore[misc]
    """A date-time with its offset, read as bodies are."""

    field_class = _MomentInput


class StrictFilterBackend(DjangoFilterBackend):  # type: ignore[misc]
    """Filters lists by the view's `filterset_class`; detail routes have no filters."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        """Raises ValidationError for an unknown, an empty or a malformed parameter."""
        if getattr(view, "detail", False):
            return queryset
        filterset_class = self.get_filterset_class(view, queryset)
        known = OF_PAGES | set(filterset_class.base_filters if filterset_class else ())
        refused = {}
        for name, value in request.query_params.items():
            if name not in known:
                message = _("There is no such parameter.")
                refused[name] = [ErrorDetail(message, code="unknown_parameter")]
            elif not value:
                refused[name] = [ErrorDetail(_("Give a value, or leave it out."), code="blank")]
        if refused:
            raise ValidationError(refused)
        return super().filter_queryset(request, queryset, view)
