"""Uploads: multipart/form-data (RFC 7578) of a limited size, with each field once."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.parsers import DataAndFiles, MultiPartParser

from core.api.parsers import PayloadTooLarge

_FORM_BYTES = 64 * 1024  # for the fields beside the file, and for the boundaries


class UploadParser(MultiPartParser):
    """Refuses, with a 4xx, a form that is too large, ambiguous or malformed."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> "DataAndFiles[Any, Any]":
        """The fields and files of the form. Never reads more than Content-Length."""
        limit = settings.DOCUMENT_MAX_BYTES + _FORM_BYTES
        request = (parser_context or {})["request"]
        if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
            raise PayloadTooLarge(limit=limit)

        try:
            form = super().parse(stream, media_type, parser_context)
        except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent) as error:
            raise PayloadTooLarge from error

        given = [name for part in (form.data, form.files) for name, _values in part.lists()]
        for part in (form.data, form.files):
            for name, values in part.lists():
                if len(values) > 1 or given.count(name) > 1:
                    detail = _("This field is given more than once.")
                    raise ValidationError({name: [ErrorDetail(detail, code="duplicate_field")]})

        return form
