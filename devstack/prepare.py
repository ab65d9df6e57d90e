"""Prepares the data before the first request, in one Django process: a second `make up` is quick.

`make up` runs it. Progress goes to standard error, the demo's sign-ins to standard output.
"""

import hashlib
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import CommandError, call_command

from devstack.paths import CHECKOUT


def prepare(state: Path) -> None:
    """Migrate the directory and the clinics, load the demo, collect changed static files."""
    django.setup()
    call_command("migrate", interactive=False, stdout=sys.stderr)
    call_command("migrate_clinics", stdout=sys.stderr)
    call_command("load_demo", stdout=sys.stderr)

    collected = state / "static.sha256"
    fingerprint = _static_fingerprint()
    if not (collected.exists() and collected.read_text(encoding="utf-8") == fingerprint):
        call_command("collectstatic", interactive=False, verbosity=0, stdout=sys.stderr)
        collected.write_text(fingerprint, encoding="utf-8")

    call_command("load_demo", "--print-sign-ins")


def _static_fingerprint() -> str:
    """A digest of the static files: ours by their content, the packages' by the lock."""
    digest = hashlib.sha256((CHECKOUT / "requirements.lock").read_bytes())
    digest.update(str(settings.STATIC_ROOT).encode())

    for path in sorted(CHECKOUT.glob("[a-z]*/static/**/*")):
        if path.is_file():
            digest.update(str(path).encode() + path.read_bytes())

    return digest.hexdigest()


if __name__ == "__main__":
    try:
        prepare(Path(sys.argv[1]))
    except CommandError as error:
        sys.exit(str(error))
