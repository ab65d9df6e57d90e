"""Make .venv and install the packages of requirements.lock, if the lock has changed.

make runs it by path with the system's Python: nothing of this project can be imported yet.
"""

import pathlib
import shutil
import subprocess
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
LOCK = CHECKOUT / "requirements.lock"
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
INSTALLED = VENV / "installed.lock"  # a copy of the lock, written last


def install() -> int:
    """Bring .venv up to date; returns an exit status. Reports on standard error."""
    lock = LOCK.read_bytes()
    # An interpreter that was removed leaves a link to nowhere: exists() follows it.
    if PYTHON.exists() and INSTALLED.exists() and INSTALLED.read_bytes() == lock:
        return 0

    if not PYTHON.exists():
        say(f"Making .venv with Python {sys.version.split()[0]} ...")
        shutil.rmtree(VENV, ignore_errors=True)
        if subprocess.call([sys.executable, "-m", "venv", str(VENV)], stdout=sys.stderr):
            shutil.rmtree(VENV, ignore_errors=True)
            return failed(
                "The virtual environment cannot be made (Debian: apt install python3-venv)"
            )

    say("Installing the packages (about a minute, only this time) ...")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    options = ["install", "-qq", "--require-hashes", "--requirement", str(LOCK)]
    if subprocess.call([*pip, *options], stdout=sys.stderr):
        return failed("The packages cannot be installed: see pip's messages above. Then")

    INSTALLED.write_bytes(lock)
    return 0


def failed(what: str) -> int:
    """Say what failed and what to do."""
    say(f"{what}: try again.")
    return 1


def say(text: str) -> None:
    """Write to standard error, for the person: callers read standard output."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(install())
    except KeyboardInterrupt:
        say("\nInterrupted.")
        sys.exit(130)
