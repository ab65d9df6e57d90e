"""The base of all backup commands: a failure is one line, or one JSON object.

With --json a failure is `{"error": code, "message": text}` on standard output. The text is always
on standard error too, and the exit status isn't 0.
"""

import argparse
import json
import sys
from datetime import datetime
from typing import Any, Literal, NoReturn
from uuid import UUID

import django.db
import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backups.management.terminal import end_progress
from core.errors import FisioFlowError

FAILURES = (FisioFlowError, CommandError, psycopg.Error, django.db.Error, ImproperlyConfigured)
_NO_TABLES = {"42P01", "3F000"}  # undefined_table, invalid_schema_name


class PartlyFailed(CommandError):
    """Part of the work failed, and the output has said why for each clinic or backup."""


class BackupCommand(BaseCommand):
    """A command whose `work` may raise FAILURES."""

    requires_system_checks = []  # system checks load every view: 40 MB

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Argument errors are reported as JSON too."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        report = parser.error

        def error(message: str) -> NoReturn:
            if parser.called_from_command_line and "--json" in sys.argv:
                self.stdout.write(json.dumps({"error": "usage", "message": message}))
            report(message)
            sys.exit(2)  # never reached: the parser exits

        parser.error = error  # type: ignore[method-assign]
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.work(options)
        except PartlyFailed:
            raise
        except KeyboardInterrupt as error:
            raise CommandError(
                "Interrupted. What was under way is undone.", returncode=130
            ) from error
        except FAILURES as error:
            said = failure_of(error)
            if options["json"]:
                self.stdout.write(json.dumps(said))
            status = error.returncode if isinstance(error, CommandError) else 1
            raise CommandError(said["message"], returncode=status) from error
        finally:
            end_progress()

    def work(self, options: dict[str, Any]) -> None:
        """Do the command's work."""
        raise NotImplementedError


def failure_of(error: Exception) -> dict[str, str]:
    """The failure's code, and its text in one line, without the words of a server."""
    code, text = "failed", " ".join(str(error).split())

    if isinstance(error, FisioFlowError):
        code = error.code
    elif isinstance(error, psycopg.Error | django.db.Error):
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        state = getattr(cause, "sqlstate", None)
        code = "database_failed"
        if state in _NO_TABLES:
            text = "The directory has no tables, or not all. Run manage.py migrate first."
        elif state is None and isinstance(cause, psycopg.OperationalError):
            text = f"A database doesn't answer. Start it, or correct its address: {text}"
        else:
            text = f"A database server failed: {type(error).__name__} {state or ''}".strip()

    return {"error": code, "message": text}


def backup_id(text: str) -> UUID:
    """Parse an argument: a backup's id."""
    try:
        return UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no backup's id. List them: manage.py backups"
        ) from None


def backup_or_latest(text: str) -> UUID | Literal["latest"]:
    """Parse an argument: a backup's id, or `latest`."""
    return "latest" if text == "latest" else backup_id(text)


def moment(text: str) -> datetime:
    """Parse an argument: a moment with its time zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None

    if found is None or found.tzinfo is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no moment with its time zone, like 2026-11-20T14:32:00-03:00"
        )

    return found
