#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from core.actor import acting_as_job

OF_BACKUPS = {
    *("backup", "backups", "drill", "prune_backups", "restore", "undo_restore", "verify_backup"),
}


def main(argv: list[str]) -> None:
    """Run a command of Django's, a package's or ours. What it writes, `job:<command>` has written.

    A command of ours that needs a reason or another name says so itself.
    """
    command = argv[1] if argv[1:] else "help"
    settings = "fisioflow.settings_backups" if command in OF_BACKUPS else "fisioflow.settings"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings)
    from django.core.management import execute_from_command_line

    with acting_as_job(command):
        execute_from_command_line(argv)


if __name__ == "__main__":
    main(sys.argv)
