"""What the backup commands write on a terminal, and the clinics that people name there."""

import sys
from collections.abc import Callable, Iterable
from typing import Any

from django.core.management.base import CommandError

from backups.progress import BytesProgress, StepsProgress, silent
from backups.snapshot.connection import connected
from tenants.context import platform_scope
from tenants.models import Clinic

_EVERY = 1024 * 1024  # bytes between two lines
_WIDTH = 20  # characters of a bar
_TABLES = """
SELECT coalesce(sum(pg_table_size(oid)), 0)::bigint FROM pg_class
 WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r'
"""


def terminal_progress(title: str, total: Callable[[], int] | None = None) -> BytesProgress:
    """Show one line on standard error that changes, if that is a terminal.

    `total` estimates the bytes; with it the line has a bar.
    """
    if not sys.stderr.isatty():
        return silent

    shown, expected = -_EVERY, total() if total else 0

    def show(table: str, written: int) -> None:
        nonlocal shown
        if written - shown >= _EVERY or written < shown:
            shown = written
            _line(title, f"{table}, {size_text(written)}", written, expected)

    return show


def terminal_steps(title: str) -> StepsProgress:
    """Show one line on standard error for work with a known number of steps."""
    if not sys.stderr.isatty():
        return silent
    return lambda what, done, total: _line(title, what, done, total)


def end_progress() -> None:
    """Clear the line of progress."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")


def estimated_size(clinic: Clinic) -> int:
    """Roughly the bytes that a full backup reads. Raises ShardUnavailable."""
    with connected(clinic.shard_id) as connection:
        row: Any = connection.execute(_TABLES, [f'"{clinic.schema_name}"']).fetchone()
        return int(row[0])


def size_text(size: int) -> str:
    """A number of bytes as people read it."""
    for unit in ("B", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000  # type: ignore[assignment]
    return f"{size:.2f} GB"


def named_clinics(schemas: Iterable[str], *, closed: bool = False) -> list[Clinic]:
    """The clinics of these schema names; without names all active ones (`closed`: all).

    Raises CommandError.
    """
    wanted = list(schemas)

    with platform_scope():
        clinics = Clinic.objects.select_related("shard").order_by("schema_name")
        if not wanted:
            return list(clinics if closed else clinics.filter(status=Clinic.Status.ACTIVE))
        found = list(clinics.filter(schema_name__in=wanted))

    if missing := set(wanted) - {clinic.schema_name for clinic in found}:
        raise CommandError(f"No such clinic: {', '.join(sorted(missing))}.")

    return found


def _line(title: str, what: str, done: int, total: int) -> None:
    bar = ""
    if total:
        share = min(done / total, 1.0)
        filled = "#" * int(share * _WIDTH)
        bar = f"[{filled:.<{_WIDTH}}] {share * 100:.0f} % "
    sys.stderr.write(f"\r\x1b[K{title}: {bar}{what}")
    sys.stderr.flush()
