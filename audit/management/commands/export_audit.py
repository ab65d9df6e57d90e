"""Write a clinic's audit trail to a file."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.events.models import Event
from audit.trail.export import CONTENT_TYPES, trail_export
from audit.trail.filters import ExportFilter
from core.actor import acting_as_job
from core.errors import FisioFlowError
from tenants.context import clinic_scope
from tenants.directory import route_by_schema


class Command(BaseCommand):
    """Exit status 1 for an unknown clinic, an invalid moment or a file that can't be written."""

    help = "Writes a clinic's audit trail, newest first. The export is in the trail itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("schema_name", help="The clinic's schema name, e.g. norte.")
        parser.add_argument("--format", choices=CONTENT_TYPES, default="jsonl", help="jsonl")
        parser.add_argument(
            "--from", help="The first day (2026-03-02, by the clinic's clock), or a moment."
        )
        parser.add_argument("--to", help="The last day, or a moment, which isn't included.")
        parser.add_argument("-o", "--output", default="-", help="A new file; - is standard output.")

    def handle(self, *args: Any, **options: Any) -> None:
        query = {name: options[name] for name in ("format", "from", "to") if options[name]}
        try:
            with ExitStack() as stack:
                stack.enter_context(acting_as_job("export_audit"))
                stack.enter_context(clinic_scope(route_by_schema(options["schema_name"])))

                chosen = ExportFilter(query, queryset=Event.objects.none())
                if not chosen.is_valid():
                    raise CommandError(_first(chosen.errors))

                file = _opened(stack, options["output"])
                for piece in trail_export(trail=chosen.qs, format=options["format"]):
                    file.write(piece)
        except FisioFlowError as error:
            raise CommandError(error.detail) from error
        except OSError as error:
            raise CommandError(f"{options['output']}: {error.strerror}") from error


def _first(errors: Any) -> str:
    name, (detail, *_others) = next(iter(errors.items()))
    return f"--{name}: {detail}"


def _opened(stack: ExitStack, name: str) -> TextIO:
    if name == "-":
        return sys.stdout
    # Readable by its owner only, and never over an existing file.
    Path(name).touch(mode=0o600, exist_ok=False)
    return stack.enter_context(Path(name).open("w", encoding="utf-8", newline=""))
