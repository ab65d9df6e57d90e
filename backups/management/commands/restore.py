"""Restore a clinic: in place, as a copy, onto an empty installation, or single rows of it."""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import IntegrityError
from django.utils import timezone

from backups.installation import Installation
from backups.management.command import BackupCommand, PartlyFailed, backup_or_latest, moment
from backups.management.restoring import RestoreOptions, run_restore
from backups.management.terminal import terminal_steps
from core.actor import acting_as_job

FILES_MISSING = 3  # exit status


class Command(BackupCommand):
    """Exit status 1, with the clinic as it was, when anything fails; 3: files are missing."""

    help = "Restores a clinic. Writes are refused while it runs (503), reads go on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=backup_or_latest, help="A backup's id, or: latest.")
        parser.add_argument("--clinic", required=True, help="Its schema name, or its id.")
        parser.add_argument("--at", type=moment, help="The moment: 2026-11-20T14:32:00-03:00.")
        parser.add_argument("--as", dest="as_schema", help="Restore as this new clinic.")
        parser.add_argument("--name", help="The new clinic's name. Default: the clinic's.")
        parser.add_argument(
            "--domain", help="The new clinic's host name. Default: its own, or one beside them."
        )
        parser.add_argument("--shard", help="Where to restore. Default: where the clinic is.")
        parser.add_argument("--only", metavar="TABLE", help="Only rows of this table: patients.")
        parser.add_argument("--where", metavar="COLUMN=VALUE", help="Which rows of --only.")
        parser.add_argument("--dry-run", action="store_true", help="Print what would change.")
        parser.add_argument("--noinput", action="store_true", help="Don't ask.")
        parser.add_argument("--json", action="store_true", help="One JSON object.")

    def work(self, options: dict[str, Any]) -> None:
        wanted = RestoreOptions(
            **{name: options[name] for name in RestoreOptions.__dataclass_fields__}
        )
        wanted.check()
        if not (options["noinput"] or wanted.dry_run):
            self._ask(wanted)

        at = (wanted.at or timezone.now()).isoformat(timespec="seconds")
        try:
            with acting_as_job("restore", reason=f"restore of {at}"):
                said = run_restore(Installation(), wanted, terminal_steps(wanted.clinic))
        except IntegrityError as error:
            raise CommandError(
                "Another row stands in the way of those. Restore what they refer to first."
            ) from error

        self.stdout.write(json.dumps(said) if options["json"] else _text(said))
        if count := said.get("documents_missing", {}).get("count"):
            raise PartlyFailed(
                f"The clinic is restored, but {count} of its files couldn't be brought back: their"
                " objects in the store are gone, damaged or for another key. Put right what can be,"
                " then restore again.",
                returncode=FILES_MISSING,
            )

    def _ask(self, wanted: RestoreOptions) -> None:
        """Ask on standard error: standard output is only for the result."""
        target = wanted.as_schema or wanted.clinic
        what = f"rows of {wanted.only}" if wanted.only else "everything"
        question = (
            f"This restores {what} of {wanted.clinic}, into {target}.\nType {target} to go on:"
        )
        self.stderr.write(question, style_func=str, ending=" ")
        self.stderr.flush()

        try:
            answer = input()
        except EOFError:
            answer = ""

        if answer != target:
            raise CommandError("Nothing was done.")


def _text(said: dict[str, Any]) -> str:
    lines = []

    for name, value in said.items():
        title = name.replace("_", " ")
        if isinstance(value, list):
            lines += [f"{title}:" if value else f"{title}: nothing", *map(_counts, value)]
        elif isinstance(value, dict):
            lines += [f"{title}: {value['count']}", *(f"  {one}" for one in value["names"])]
        else:
            text = ", ".join(value) if isinstance(value, tuple) else value
            lines.append(f"{title}: {text}")

    return "\n".join(lines)


def _counts(one: dict[str, Any]) -> str:
    counts = [f"{count} {name}" for name, count in one.items() if name != "table" and count]
    return f"  {one['table']}: {', '.join(counts)}"
