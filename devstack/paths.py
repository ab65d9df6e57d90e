"""Where the stack keeps its state: one folder of the checkout, or a throwaway one for tests."""

import hashlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from devstack.errors import StackError

CHECKOUT = Path(__file__).resolve().parents[1]

_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 107  # bytes: sun_path of unix(7), less the final NUL
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._/-]+")  # needs no quoting in unix_socket_directories


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of one stack below `root`."""

    root: Path

    @property
    def logs(self) -> Path:
        """Every program's log, and those of the steps of `make up`."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """The records of running programs, and the sockets if their paths are short enough."""
        return self.root / "run"

    def data(self, name: str) -> Path:
        """The data of the server `name`."""
        return self.root / "data" / name

    def sockets(self, name: str) -> Path:
        """The folder of a server's unix socket, outside of a checkout whose path is too long."""
        return self._socket_root() / name

    def create(self) -> None:
        """Make the folders, readable only by this user. Raises StackError."""
        for folder in (self.root, self.logs, self.run, self.root / "data"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        socket_root = self._socket_root()
        socket_root.mkdir(mode=0o700, exist_ok=True)
        # In a folder that everybody may write to, somebody else may have been there first.
        if socket_root.is_symlink() or socket_root.stat().st_uid != os.geteuid():
            raise StackError(f"{socket_root} belongs to another user. Remove it.")

    def exist(self) -> bool:
        """Whether any of them exists."""
        return self.root.exists() or self._socket_root().exists()

    def remove_sockets(self) -> None:
        """Delete a sockets' folder outside the checkout. The programs must be stopped."""
        if self._socket_root() != self.run:
            _remove(self._socket_root())

    def remove(self) -> None:
        """Delete everything. The programs must be stopped."""
        self.remove_sockets()
        _remove(self.root)

    def _socket_root(self) -> Path:
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        short = f"fisioflow-{digest}"
        elsewhere = Path("/tmp") / short  # noqa: S108 (`create` refuses another user's folder)
        candidates = (self.run, Path(tempfile.gettempdir()) / short, elsewhere)
        return next((folder for folder in candidates if _fits(folder)), elsewhere)


def _fits(folder: Path) -> bool:
    longest = os.fsencode(folder / "directory" / _SOCKET_NAME)
    return len(longest) <= _SOCKET_PATH_LIMIT and bool(_PLAIN_PATH.fullmatch(str(folder)))


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StackError(f"Cannot remove {folder}: {error.strerror}.") from error


def checkout_folders() -> Folders:
    """The folders of the checkout's own stack."""
    return Folders(CHECKOUT / ".fisioflow")
