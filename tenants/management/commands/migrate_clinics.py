"""Bring the template of every shard, then every clinic that is behind, up to date."""

import argparse
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from core.actor import acting_as_job
from core.errors import FisioFlowError
from tenants.context import DIRECTORY, platform_scope
from tenants.errors import MigrationsUnknown
from tenants.fleet import (
    Outcome,
    clinics_behind,
    migrate_shard,
    migrate_template,
    refuse_unknown_migrations,
)
from tenants.services import shards_register


class Command(BaseCommand):
    """Exit status 1 when a template or any clinic failed; running again resumes."""

    help = "Migrates every shard's template, then the clinics that are behind, shards in parallel."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--shard", action="append", help="Only this shard (repeatable); default: all."
        )
        parser.add_argument(
            "--workers", type=_positive, default=4, help="Clinics at once on each shard (4)."
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Say who is behind, change nothing."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        shards = options["shard"] or [alias for alias in connections if alias != DIRECTORY]
        unknown = set(shards) - (set(connections) - {DIRECTORY})
        if unknown:
            raise CommandError(f"Unknown shard: {', '.join(sorted(unknown))}.")
        if not shards:
            raise CommandError("No shard is configured. Set SHARD_1_URL.")
        self._print, self._quiet = threading.Lock(), options["verbosity"] == 0
        with platform_scope(), acting_as_job("migrate_clinics"):
            try:
                refuse_unknown_migrations(DIRECTORY)
            except MigrationsUnknown as error:
                raise CommandError(str(error)) from error
            if not options["dry_run"]:
                for shard in shards_register():
                    self._say(f"{shard.alias}: registered")
            with ThreadPoolExecutor(max_workers=len(shards)) as pool:
                work = partial(self._shard, workers=options["workers"], dry=options["dry_run"])
                outcomes = [o for done in pool.map(work, sorted(shards)) for o in done]
        failed = [outcome for outcome in outcomes if outcome.error]
        verb = "are behind" if options["dry_run"] else "migrated"
        self._say(f"{len(outcomes) - len(failed)} schemas {verb}, {len(failed)} failed.")
        if failed:
            names = ", ".join(f"{o.shard}/{o.schema}" for o in failed[:20])
            raise CommandError(f"Failed: {names}. Mend the cause and run the command again.")

    def _shard(self, shard: str, *, workers: int, dry: bool) -> list[Outcome]:
        with platform_scope(), acting_as_job("migrate_clinics"):
            try:
                return self._migrate(shard, workers=workers, dry=dry)
            except FisioFlowError as error:
                return [self._report(Outcome(shard, "*", str(error)))]
            except Exception as error:  # noqa: BLE001  a template's migration is any code
                text = f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"
                return [self._report(Outcome(shard, "_template", text))]
            finally:
                connections.close_all()

    def _migrate(self, shard: str, *, workers: int, dry: bool) -> list[Outcome]:
        if dry:
            return [Outcome(shard, schema) for schema in clinics_behind(shard)]
        outcomes = []
        if migrate_template(shard):
            outcomes.append(self._report(Outcome(shard, "_template")))
        behind = clinics_behind(shard)
        total, done = len(behind), iter(range(1, len(behind) + 1))

        def report(outcome: Outcome) -> None:
            with self._print:
                self._write(outcome, f"{next(done)}/{total}")

        return outcomes + migrate_shard(shard, behind, workers=workers, report=report)

    def _report(self, outcome: Outcome) -> Outcome:
        with self._print:
            self._write(outcome, "template" if outcome.schema == "_template" else "shard")
        return outcome

    def _write(self, outcome: Outcome, place: str) -> None:
        line = f"{outcome.shard} {place} {outcome.schema}: {outcome.error or 'ok'}"
        if outcome.error:
            self.stderr.write(line)
        else:
            self._say(line)

    def _say(self, line: str) -> None:
        if not self._quiet:
            self.stdout.write(line)


def _positive(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 64:
        raise argparse.ArgumentTypeError("between 1 and 64")
    return number
