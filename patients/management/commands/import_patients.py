"""Register a clinic's patients from a CSV file."""

import sys
from argparse import RawDescriptionHelpFormatter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from core.actor import acting_as_job
from core.errors import FisioFlowError
from patients.imports import COLUMNS, ImportSummary, LineProblem, UnreadableFile, patients_import
from tenants.context import clinic_scope
from tenants.directory import route_by_schema
from tenants.errors import ClinicClosed, ClinicNotFound

_HELP = f"""
Registers the patients of a CSV file in a clinic: all of them, or none if a line is bad.

The file is UTF-8, separated by commas or semicolons. Its first line names the columns:
{", ".join(COLUMNS.names)}
(or in Portuguese: nome, e-mail, telefone, CPF, data de nascimento, histórico, e-mail do
fisioterapeuta). Dates are 31/12/1990 or 1990-12-31; phones have a country code, +55 or 55.
Every bad line is reported with its number, the field and the reason, never with its content.

Exit status: 0 if all lines are good; 1 if a line is bad, or somebody else registered one of the
patients meanwhile; 2 if there is no such clinic or file, or it isn't a CSV file of patients.
"""


class Command(BaseCommand):
    """See the help text; `-` is standard input."""

    help = _HELP

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("schema_name", help="The clinic's schema name, e.g. norte.")
        parser.add_argument("file", help="The CSV file; - reads standard input.")
        parser.add_argument("--dry-run", action="store_true", help="Only check; write nothing.")
        parser.add_argument(
            "--skip-invalid", action="store_true", help="Write the good lines, leave the bad ones."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            summary = self._import(options)
        except (ClinicNotFound, ClinicClosed, UnreadableFile) as error:
            raise CommandError(error.detail, returncode=2) from error
        except FisioFlowError as error:
            raise CommandError(error.detail) from error

        self._conclude(summary, dry_run=options["dry_run"])

    def _import(self, options: dict[str, Any]) -> ImportSummary:
        with ExitStack() as stack:
            stack.enter_context(acting_as_job("import_patients"))
            stack.enter_context(clinic_scope(route_by_schema(options["schema_name"])))

            return patients_import(
                acting_user=None,
                file=_opened(stack, options["file"]),
                dry_run=options["dry_run"],
                skip_invalid=options["skip_invalid"],
                report=self._report,
                progress=self._progress,
            )

    def _report(self, line: int, problem: LineProblem) -> None:
        field = f"{problem.field}: " if problem.field else ""
        self.stdout.write(_("line %d") % line + f": {field}{problem.reason} [{problem.code}]")

    def _progress(self, read: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{read}", style_func=str, ending="")

    def _conclude(self, summary: ImportSummary, *, dry_run: bool) -> None:
        if self.stderr.isatty():
            self.stderr.write("\r", style_func=str, ending="")
        counts = {"read": summary.read, "bad": summary.bad, "written": summary.written}
        text = _("Lines read: %(read)d. Bad: %(bad)d. Patients registered: %(written)d.")
        self.stdout.write(text % counts)

        if dry_run:
            self.stdout.write(_("This was a dry run: nothing was written."))
        if summary.bad:
            raise CommandError(_("There are bad lines; see above."))


def _opened(stack: ExitStack, name: str) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(name).open("rb"))
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}", returncode=2) from error
