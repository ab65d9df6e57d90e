"""The container's health: web must answer; worker and beat are healthy while they live."""

import os
import sys
import urllib.request
from pathlib import Path


def healthy() -> bool:
    """Whether the role of this container is at work."""
    first_process = Path("/proc/1/cmdline").read_bytes()
    if b"gunicorn" not in first_process and b"web" not in first_process.split(b"\0"):
        return True

    url = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/healthz/live"
    try:
        with urllib.request.urlopen(url, timeout=3) as response:
            return bool(response.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if healthy() else 1)
