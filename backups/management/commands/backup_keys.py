"""Make the keys of backups."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from backups.format.keys import make_identity, make_signing_key
from backups.management.command import BackupCommand


class Command(BackupCommand):
    """Exit status 1 when one of the files exists: a key is never overwritten."""

    help = "Makes an age identity and a signing key in a folder, and prints the settings for them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="Where to put the two files.")
        parser.add_argument("--json", action="store_true", help="The settings as JSON.")

    def work(self, options: dict[str, Any]) -> None:
        folder: Path = options["folder"].absolute()
        identity, signing = folder / "backup_identity", folder / "backup_signing_key"

        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in (identity, signing):
                if path.exists():
                    raise FileExistsError(17, "File exists", str(path))
            recipient, public = make_identity(identity), make_signing_key(signing)
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}.") from error

        found = {
            "BACKUP_RECIPIENTS": recipient,
            "BACKUP_SIGNING_KEY_FILE": str(signing),
            "BACKUP_TRUSTED_KEYS": public,
            "BACKUP_IDENTITY_FILE": str(identity),
        }

        if options["json"]:
            self.stdout.write(json.dumps(found))
            return

        for name, value in found.items():
            self.stdout.write(f"{name}={value}")
        self.stderr.write(
            "Keep a copy of the identity away from here: without it no backup can be opened. A"
            " server that only makes backups needs the first two settings."
        )
