"""Serializers that take exactly what the OpenAPI document says."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import empty

WITHOUT_NUL = r"^[^\u0000]*$"  # a pattern of the OpenAPI document: PostgreSQL stores no NUL
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# RFC 3339: without its offset, a moment is ambiguous in the hour when clocks go back.
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class TextField(serializers.CharField):
    """A JSON string. Numbers aren't read as text."""

    def to_internal_value(self, data: Any) -> str:
        """Refuses what isn't a string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class EmailField(TextField, serializers.EmailField):
    """An e-mail address."""


class UUIDField(serializers.UUIDField):
    """A UUID in its canonical form."""

    def to_internal_value(self, data: Any) -> UUID:
        """Refuses the other notations that Python reads."""
        if not isinstance(data, str) or not _UUID.fullmatch(data):
            self.fail("invalid", value=data)
        return UUID(data)


class DateField(serializers.DateField):
    """A full-date of RFC 3339, e.g. 1990-12-31."""

    def to_internal_value(self, value: Any) -> date:
        """Refuses the other notations of ISO 8601."""
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class BooleanField(serializers.BooleanField):
    """A JSON true or false; no other value is read as one."""

    def to_internal_value(self, data: Any) -> bool:
        """Refuses what isn't a boolean."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class FormBooleanField(serializers.BooleanField):
    """A boolean in a form, where every value is text: `true` or `false`."""

    def get_value(self, dictionary: Mapping[str, Any]) -> Any:
        """The value as sent. REST framework would read a missing one as an unticked box: false."""
        return dictionary.get(self.field_name or "", serializers.empty)

    def to_internal_value(self, data: Any) -> bool:
        """Refuses other words."""
        if data not in ("true", "false"):
            self.fail("invalid", input=data)
        return bool(data == "true")


class MomentField(serializers.DateTimeField):
    """A date-time of RFC 3339 with its offset, e.g. 2026-03-02T09:00:00-03:00."""

    def to_internal_value(self, value: Any) -> datetime:
        """Refuses a moment without an offset."""
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ss±hh:mm")
        return super().to_internal_value(value.upper().replace(" ", "T"))


class RelatedField(serializers.PrimaryKeyRelatedField[Any]):
    """The id of a related object. In a batch, one query reads them all."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(pk_field=UUIDField(), **kwargs)
        self._known: dict[UUID, Any] | None = None

    def read_all(self, given: Iterable[Any]) -> None:
        """Read the objects with these ids. What isn't an id is left to validation."""
        ids = {text for text in given if isinstance(text, str) and _UUID.fullmatch(text)}
        readable: Any = self.get_queryset()
        self._known = {found.pk: found for found in readable.filter(pk__in=ids)}

    def run_validation(self, data: Any = empty) -> Any:
        """Refuses the empty string, which REST framework takes for null."""
        return super().run_validation(UUIDField().run_validation(data) if data == "" else data)

    def to_internal_value(self, data: Any) -> Any:
        """The object. One that the person may not see gives the same error as a missing one."""
        if self._known is None:
            return super().to_internal_value(data)
        found = self._known.get(UUIDField().run_validation(data))
        if found is None:
            self.fail("does_not_exist", pk_value=data)
        return found


class IntegerField(serializers.IntegerField):
    """A JSON integer (4.0 is one). Text, fractions and booleans aren't read as one."""

    def to_internal_value(self, data: Any) -> int:
        """Refuses what isn't an integer."""
        whole = data.is_integer() if isinstance(data, float) else isinstance(data, int)
        if not whole or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(int(data))


@extend_schema_field({"type": "string", "pattern": CLOCK, "example": "08:30"})
class ClockField(serializers.TimeField):
    """A time of day on the clinic's clock, to the minute, e.g. 08:30."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", **kwargs)

    def to_internal_value(self, value: Any) -> time:
        """Refuses the other notations of ISO 8601."""
        if not isinstance(value, str) or not re.fullmatch(CLOCK, value):
            self.fail("invalid", format="hh:mm")
        return time.fromisoformat(value)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that are unknown, read-only, or not for the reader's role to set."""

    def hidden_fields(self) -> frozenset[str]:
        """The fields that this reader neither sees nor sets."""
        return frozenset()

    def locked_fields(self) -> frozenset[str]:
        """The fields that this reader sees but may not set."""
        return frozenset()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The fields that the reader's role sees."""
        hidden, locked = self.hidden_fields(), self.locked_fields()
        fields = {n: f for n, f in super().get_fields().items() if n not in hidden}

        for name in locked & fields.keys():
            fields[name].read_only, fields[name].required = True, False
        return fields

    def to_internal_value(self, data: Any) -> Any:
        """Reports refused fields together with the errors of the others."""
        refused = self._refused_fields(data) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            if refused and isinstance(error.detail, dict):
                raise ValidationError({**error.detail, **refused}) from error
            raise

        if refused:
            raise ValidationError(refused)
        return value

    def _refused_fields(self, data: Mapping[str, Any]) -> dict[str, list[ErrorDetail]]:
        writable = {field.field_name for field in self._writable_fields}
        by_role = self.hidden_fields() | self.locked_fields()

        refused = {}
        for name in data.keys() - writable:
            if name in by_role:
                detail = ErrorDetail(_("Your role may not set this field."), "not_permitted")
            elif name in self.fields:
                detail = ErrorDetail(_("This field can't be set."), "read_only")
            else:
                detail = ErrorDetail(_("There is no such field."), "unknown_field")

            refused[name] = [detail]

        return refused


class StrictModelSerializer(StrictSerializer, serializers.ModelSerializer[Any]):
    """A StrictSerializer built from a model's fields. Services write, so it has no `save`."""

    serializer_field_mapping: ClassVar = serializers.ModelSerializer.serializer_field_mapping | {
        models.CharField: TextField,
        models.TextField: TextField,
        models.EmailField: EmailField,
        models.BooleanField: BooleanField,
        models.UUIDField: UUIDField,
        models.SmallIntegerField: IntegerField,
        models.DateField: DateField,
        models.DateTimeField: MomentField,
        models.TimeField: ClockField,
    }
