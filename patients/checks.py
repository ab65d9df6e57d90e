"""The checks that `manage.py check --deploy` runs for the patients' app."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004  Django's name


@register(Tags.security, deploy=True)
def documents_are_scanned(**_options: Any) -> list[CheckMessage]:
    """patients.W001: the development scanner, which scans nothing, is configured."""
    if settings.DOCUMENT_SCANNER != "patients.scanning.DevelopmentScanner":
        return []

    return [
        Warning(
            "DOCUMENT_SCANNER is the development one: every uploaded document is called clean.",
            hint="Set it to patients.scanning.ClamdScanner, and CLAMD_URL.",
            id="patients.W001",
        )
    ]
