"""Programs in processes of their own, for a test to kill."""

import os
import subprocess
import sys

from pytest_django import Settings

from devstack.stack import Stack


def environ(settings: Settings, stack: Stack) -> dict[str, str]:
    """The environment of a program with the test's settings of backups."""
    names = ("BACKUP_STORE_URL", "BACKUP_SIGNING_KEY_FILE", "BACKUP_IDENTITY_FILE")
    chosen = {name: getattr(settings, name) for name in names}
    chosen["BACKUP_RECIPIENTS"] = settings.BACKUP_RECIPIENTS[0]
    chosen["DJANGO_SETTINGS_MODULE"] = "fisioflow.settings_test"
    chosen["PYTHONPATH"] = str(settings.BASE_DIR)

    owners = {k: v for k, v in os.environ.items() if k.endswith("_URL")}
    return dict(os.environ) | owners | chosen


def stopped(program: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start the Python program; returns once it has printed `here`, where it waits."""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n"

    return process
