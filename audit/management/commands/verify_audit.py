"""Prove that audit trails are complete and unchanged, or report what is wrong."""

import json
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.seals.trail_schemas import TrailSchema, trail_schemas
from audit.seals.verification import SENTENCES, Verification, verify
from core.actor import acting_as_job
from core.errors import FisioFlowError


class Command(BaseCommand):
    """Exit status 1 when anything is wrong; the report names rows by key, never by content."""

    help = "Verifies audit trails: all, or those of these clinics (public: the directory's)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clinics", nargs="*", help="Schema names, e.g. norte. Default: all.")
        parser.add_argument("--head", default="", help="A seal's hash that was kept elsewhere.")
        parser.add_argument("--json", action="store_true", help="One JSON document.")

    def handle(self, *args: Any, **options: Any) -> None:
        head = options["head"].lower()
        if head and len(options["clinics"]) != 1:
            raise CommandError("--head belongs to one clinic: name that clinic.")

        try:
            chosen = trail_schemas(options["clinics"])
        except FisioFlowError as error:
            raise CommandError(str(error)) from error

        reports = [
            self._verified(schema, head, f"{done}/{len(chosen)}", quiet=options["json"])
            for done, schema in enumerate(chosen, 1)
        ]

        if options["json"]:
            self.stdout.write(json.dumps(reports, indent=2))

        if wrong := [report["clinic"] for report in reports if not report["ok"]]:
            raise CommandError(f"Not proven: {', '.join(wrong)}.")

    def _verified(
        self, schema: TrailSchema, head: str, progress: str, *, quiet: bool
    ) -> dict[str, Any]:
        began = perf_counter()
        try:
            with schema.scope(), acting_as_job("verify_audit"):
                report = _report(verify(alias=schema.alias, head=head))
        except FisioFlowError as error:
            report = {"ok": False, "error": str(error)}

        report = {"clinic": schema.name, **report, "seconds": round(perf_counter() - began, 3)}
        if not quiet:
            self._say(report, progress)
        return report

    def _say(self, report: dict[str, Any], progress: str) -> None:
        verdict = "ok" if report["ok"] else "NOT PROVEN"
        text = report.get("error") or (
            f"{report['tables']} tables, {report['seals']} seals of {report['sealed_rows']} rows,"
            f" last {report['sealed_at'] or 'never'}, head {report['head'] or 'none'}"
        )

        name, seconds = report["clinic"], report["seconds"]
        self.stdout.write(f"{progress} {name}: {verdict}; {text}; {seconds:.1f} s")

        for finding in report.get("findings", ()):
            self.stdout.write(f"  {finding['says']}")


def _report(result: Verification) -> dict[str, Any]:
    return {
        "ok": not result.findings,
        "tables": result.tables,
        "seals": result.seals,
        "sealed_rows": result.sealed_rows,
        "sealed_at": result.sealed_at and result.sealed_at.isoformat(),
        "head": result.head,
        "findings": [
            finding._asdict() | {"says": finding.sentence(SENTENCES)} for finding in result.findings
        ],
    }
