#!/usr/bin/env python
"""Django's command line."""

import os
import sys
from pathlib import Path

from core.actor import acting_as_job


def settings_for(command: str) -> str:
    """The module of settings for a command: backups' commands have a bound on their memory."""
    commands = Path(__file__).resolve().parent / "backups" / "management" / "commands"
    names = {file.stem for file in commands.glob("[a-z]*.py")}
    return "fisioflow.settings_backups" if command in names else "fisioflow.settings"


def main(argv: list[str]) -> None:
    """Run a command of Django's, a package's or ours. What it writes, `job:<command>` has written.

    A command of ours that needs a reason or another name says so itself.
    """
    command = argv[1] if argv[1:] else "help"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings_for(command))
    from django.core.management import execute_from_command_line

    if command == "shell":  # whoever writes by hand names themselves
        execute_from_command_line(argv)
        return

    with acting_as_job(command):
        execute_from_command_line(argv)


if __name__ == "__main__":
    main(sys.argv)
