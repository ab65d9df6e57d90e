#!/usr/bin/env python
"""Django's command line."""

import os
import sys

OF_BACKUPS = {
    *("backup", "backups", "drill", "prune_backups", "restore", "undo_restore", "verify_backup"),
}

if __name__ == "__main__":
    is_of_backups = bool(OF_BACKUPS.intersection(sys.argv[1:2]))
    settings = "fisioflow.settings_backups" if is_of_backups else "fisioflow.settings"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
