#!/usr/bin/env python
"""Django's command line. The commands of backups run with the settings that are made for them."""

import os
import sys
from pathlib import Path


def settings_for(arguments: list[str]) -> str:
    """The settings of the command that the arguments begin with."""
    commands = Path(__file__).resolve().parent / "backups" / "management" / "commands"
    names = {file.stem for file in commands.glob("[a-z]*.py")}
    is_of_backups = not names.isdisjoint(arguments[:1])
    return "fisioflow.settings_backups" if is_of_backups else "fisioflow.settings"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings_for(sys.argv[1:]))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
