"""The memory of a backup into a bucket and of a restore from it, including boto3's."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep

from benchmarks.report import Figure

_ACCESS = {
    "AWS_ACCESS_KEY_ID": "fisioflow",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_COMMAND = """
import re, sys
sys.modules["rich"] = None  # a package of tests, which structlog would load; production has none
import django
django.setup()
from django.core.management import call_command
call_command(*sys.argv[1:], stdout=sys.stderr)
with open("/proc/self/status") as status:
    print(int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]) / 1024)
"""


def bucket_figures(environ: dict[str, str], schema: str) -> Iterator[Figure]:
    """Back up the clinic and drill. `environ` holds the keys, the identity among them."""
    with TemporaryDirectory() as folder, _rclone(Path(folder)) as address:
        into = {"BACKUP_STORE_URL": "s3://backups/bench", "BACKUP_STORE_ENDPOINT_URL": address}
        environ = environ | _ACCESS | into

        for command, of in (("backup", "a full backup into a bucket"), ("drill", "a restore")):
            done = subprocess.run(
                [sys.executable, "-c", _COMMAND, command, schema],
                env=environ,
                check=True,
                capture_output=True,
            )
            yield Figure(f"memory of {of}", float(done.stdout), "MB", 100)


@contextmanager
def _rclone(folder: Path) -> Iterator[str]:
    (folder / "backups").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    program = str(Path(sys.executable).parent / "rclone")
    served = ["serve", "s3", str(folder), "--addr", f"127.0.0.1:{port}", "--config", os.devnull]
    access = f"{_ACCESS['AWS_ACCESS_KEY_ID']},{_ACCESS['AWS_SECRET_ACCESS_KEY']}"
    server = subprocess.Popen(
        [program, *served, "--auth-key", access],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()
