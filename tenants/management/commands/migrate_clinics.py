"""Bring the template of every shard, then every clinic that is behind, up to date."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from core.actor import acting_as_job
from tenants.context import DIRECTORY, platform_scope
from tenants.errors import MigrationsUnknown
from tenants.fleet import refuse_unknown_migrations
from tenants.rollout import Outcome, fleet_behind, fleet_migrate
from tenants.services import shards_register


class Command(BaseCommand):
    """Exit status 1 when a template or any clinic failed; running again resumes."""

    help = "Migrates every shard's template, then the clinics that are behind, shards in parallel."
    requires_migrations_checks = False
    quiet = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--shard", action="append", help="Only this shard (repeatable); default: all."
        )
        parser.add_argument(
            "--workers", type=_positive, default=4, help="Clinics at once on each shard (4)."
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="List the clinics that are behind; change nothing.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        shards = _known_shards(options["shard"])
        dry, self.quiet = options["dry_run"], options["verbosity"] == 0

        with platform_scope(), acting_as_job("migrate_clinics"):
            try:
                refuse_unknown_migrations(DIRECTORY)
            except MigrationsUnknown as error:
                raise CommandError(str(error)) from error

            if dry:
                outcomes = fleet_behind(shards=shards, report=self._write)
            else:
                for shard in shards_register(acting_user=None):
                    self._say(f"{shard.alias}: registered")
                outcomes = fleet_migrate(
                    shards=shards, workers=options["workers"], report=self._write
                )

        failed = [outcome for outcome in outcomes if outcome.error]
        verb = "are behind" if dry else "migrated"
        self._say(f"{len(outcomes) - len(failed)} schemas {verb}, {len(failed)} failed.")
        if failed:
            names = ", ".join(f"{o.shard}/{o.schema}" for o in failed[:20])
            raise CommandError(f"Failed: {names}. Fix the cause and run the command again.")

    def _write(self, outcome: Outcome) -> None:
        line = f"{outcome.shard} {outcome.place} {outcome.schema}: {outcome.error or 'ok'}"
        if outcome.error:
            self.stderr.write(line)
        else:
            self._say(line)

    def _say(self, line: str) -> None:
        if not self.quiet:
            self.stdout.write(line)


def _known_shards(named: list[str] | None) -> list[str]:
    """The named shards, or all. Raises CommandError for an unknown one, or when there is none."""
    known = set(connections) - {DIRECTORY}
    if unknown := set(named or ()) - known:
        raise CommandError(f"Unknown shard: {', '.join(sorted(unknown))}.")
    if not known:
        raise CommandError("No shard is configured. Set SHARD_1_URL.")

    return sorted(named or known)


def _positive(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 64:
        raise argparse.ArgumentTypeError("between 1 and 64")
    return number
