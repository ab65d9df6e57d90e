"""The tour, run as it stands there: each block in bash, each answer compared."""

import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.documents import CHECKOUT, text_of

pytestmark = pytest.mark.without_database  # the tour has a stack of its own
BLOCK = re.compile(r"^```(bash|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END = "-- end of block --"

# What `make up` does, on servers that end with the script; `make env` has nothing to add there.
SERVE = """
set -eu
state=$(mktemp -d)
set -a
BACKUP_STORE_URL="file://$state/store"
eval "$(python manage.py backup_keys "$state/keys" 2>"$state/log")"
set +a
python -m devstack.prepare "$state" >"$state/log" 2>&1 || {
    cat "$state/log" >&2
    exit 1
}
deploy/entrypoint.sh web >"$state/log" 2>&1 &
web=$!
trap 'kill $web; wait $web; rm -r "$state"' EXIT
until curl -fs -o /dev/null "http://localhost:$PORT/healthz/ready"; do
    kill -0 $web || {
        cat "$state/log" >&2
        exit 1
    }
    sleep 0.1
done
make() { [ "$*" = '-s env' ]; export -p; }
set -o pipefail
"""


@dataclass(frozen=True)
class Step:
    """A block of commands, and what it prints; `…` stands for anything."""

    commands: str
    expected: str


def tour() -> list[Step]:
    """The steps of the page, in order."""
    blocks = BLOCK.findall(text_of("docs/tutorials/tour.md"))
    kinds = [kind for kind, _ in blocks]
    assert kinds == ["bash", "text"] * (len(kinds) // 2), "each bash block needs a text block below"

    texts = [text for _, text in blocks]
    return [Step(*pair) for pair in zip(texts[::2], texts[1::2], strict=True)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_tour_works_by_copy_and_paste() -> None:
    if not shutil.which("curl"):
        pytest.fail("The tour needs curl, as its reader does: apt install curl")

    steps, port = tour(), free_port()
    assert len(steps) >= 8, "the tour has lost its steps, or the page its blocks"

    script = SERVE + "".join(f"{step.commands}\necho '{END}'\n" for step in steps)
    kept = ("PATH", "HOME", "TMPDIR", "FISIOFLOW_PG_BIN")

    done = subprocess.run(
        [sys.executable, "-m", "devstack", "run", "bash", "-c", at_port(port, script)],
        cwd=CHECKOUT,
        env={name: os.environ[name] for name in kept if name in os.environ} | {"PORT": str(port)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )

    printed = done.stdout.split(f"{END}\n")
    for step, output in zip(steps, printed, strict=False):
        pattern = re.escape(step.expected.strip()).replace("…", ".*")
        assert re.fullmatch(pattern, output.strip(), re.DOTALL), (
            f"The tour expects\n{step.expected}\nand bash printed\n{output}\n{done.stderr}"
        )

    assert done.returncode == 0, done.stderr
    assert len(printed) == len(steps) + 1


def at_port(port: int, text: str) -> str:
    """The tour's addresses are of port 8000, which may be taken."""
    return text.replace(":8000/", f":{port}/")
