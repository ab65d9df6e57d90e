"""Restore a clinic: in place, as a copy, onto an empty installation, or single rows of it."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError
from django.utils import timezone

from backups.management.progress import end_progress, terminal_steps
from backups.management.restoring import Wish, restore_wished
from fisioflow.actor import acting_as_job
from fisioflow.errors import FisioFlowError

FILES_MISSING = 3  # exit status


class Command(BaseCommand):
    """Exit status 1, with the clinic as it was, when anything fails; 3: files are missing."""

    requires_system_checks = []  # they load every view: 40 MB
    help = "Restores a clinic. Writes are refused while it runs (503), reads go on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=_backup, help="A backup's id, or: latest.")
        parser.add_argument("--clinic", required=True, help="Its schema name, or its id.")
        parser.add_argument("--at", type=_moment, help="The moment: 2026-11-20T14:32:00-03:00.")
        parser.add_argument("--as", dest="as_schema", help="Restore as this new clinic.")
        parser.add_argument("--name", help="The new clinic's name. Default: the clinic's.")
        parser.add_argument(
            "--domain", help="The new clinic's host name. Default: its own, or one beside them."
        )
        parser.add_argument("--shard", help="Where to restore. Default: where the clinic is.")
        parser.add_argument("--only", metavar="TABLE", help="Only rows of this table: patients.")
        parser.add_argument("--where", metavar="COLUMN=VALUE", help="Which rows of --only.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would change.")
        parser.add_argument("--noinput", action="store_true", help="Don't ask.")
        parser.add_argument("--json", action="store_true", help="One JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        wish = Wish(**{name: options[name] for name in Wish.__dataclass_fields__})
        if bool(wish.only) != bool(wish.where) or (wish.where and "=" not in wish.where):
            raise CommandError("--only and --where COLUMN=VALUE go together.")
        if not (options["noinput"] or wish.dry_run):
            self._ask(wish)
        at = (wish.at or timezone.now()).isoformat(timespec="seconds")
        try:
            with acting_as_job("restore", reason=f"restore of {at}"):
                said = restore_wished(wish, terminal_steps(wish.clinic))
        except FisioFlowError as error:
            raise CommandError(str(error)) from error
        except IntegrityError as error:
            raise CommandError(
                "Another row stands in the way of those. Restore what they refer to first."
            ) from error
        finally:
            end_progress()
        self.stdout.write(json.dumps(said) if options["json"] else _text(said))
        if count := said.get("documents_missing", {}).get("count"):
            raise CommandError(
                f"The clinic is restored, but {count} of its files couldn't be brought back: their"
                " objects in the store are gone, damaged or for another key. Put right what can be,"
                " then restore again.",
                returncode=FILES_MISSING,
            )

    def _ask(self, wish: Wish) -> None:
        target = wish.as_schema or wish.clinic
        what = f"rows of {wish.only}" if wish.only else "everything"
        self.stdout.write(f"This restores {what} of {wish.clinic}, into {target}.")
        if input(f"Type {target} to go on: ") != target:
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


def _backup(text: str) -> UUID | str:
    return "latest" if text == "latest" else UUID(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("say the time zone: -03:00")
    return moment
