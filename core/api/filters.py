"""Filters of lists. They refuse unknown parameters: a misspelt filter must not show everything."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters import CharFilter, DateFilter, FilterSet, IsoDateTimeFilter, UUIDFilter
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from core.api.serializers import WITHOUT_NUL, DateField, MomentField, UUIDField

SEARCH_LENGTH = 100  # characters


class _AsInBodies(forms.Field):
    """Reads a parameter as a serializer's field reads a value in a body."""

    field: serializers.Field[Any, Any, Any, Any]

    def to_python(self, value: Any) -> Any:
        try:
            return self.field.run_validation(value) if value else None
        except ValidationError as error:
            (detail,) = error.detail
            code = getattr(detail, "code", "invalid")
            raise forms.ValidationError(str(detail), code=code) from error


class _MomentInput(_AsInBodies):
    field = MomentField()


class _DayInput(_AsInBodies):
    field = DateField()


class _KeyInput(_AsInBodies):
    field = UUIDField()


class MomentFilter(IsoDateTimeFilter):  # type: ignore[misc]
    """A date-time with its offset."""

    field_class = _MomentInput


class KeyFilter(UUIDFilter):  # type: ignore[misc]
    """A UUID in its canonical form."""

    field_class = _KeyInput


@extend_schema_field(
    {"type": "string", "minLength": 1, "maxLength": SEARCH_LENGTH, "pattern": WITHOUT_NUL}
)
class SearchFilter(CharFilter):  # type: ignore[misc]
    """`q`: a text to look for."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=SEARCH_LENGTH, **kwargs)


class DayFilter(DateFilter):  # type: ignore[misc]
    """A date, read as in a body."""

    field_class = _DayInput


class FromToFilterSet(FilterSet):  # type: ignore[misc]
    """Subclasses declare the filter `from` as `from_`, because `from` is a Python keyword."""

    @classmethod
    def get_filters(cls) -> dict[str, Any]:
        return {name.rstrip("_"): one for name, one in super().get_filters().items()}


class StrictFilterBackend(DjangoFilterBackend):  # type: ignore[misc]
    """Filters lists by the view's `filterset_class`; detail routes have no filters."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        """Raises ValidationError for an unknown, empty or malformed parameter."""
        if getattr(view, "detail", False):
            return queryset

        filterset_class = self.get_filterset_class(view, queryset)
        of_pages: frozenset[str] = getattr(view.pagination_class, "parameters", frozenset())
        known = of_pages | set(filterset_class.base_filters if filterset_class else ())

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
