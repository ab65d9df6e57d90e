"""How the commands of backups show progress, and name clinics and sizes."""

import sys
from collections.abc import Callable, Iterable

from django.core.management.base import CommandError

from backups.full import Progress, silent
from backups.staging import silent as silent_steps
from tenants.context import platform_scope
from tenants.models import Clinic

_EVERY = 1024 * 1024  # bytes between two lines


def terminal_progress(title: str) -> Progress:
    """One line on standard error that changes; nothing where nobody watches a terminal."""
    if not sys.stderr.isatty():
        return silent
    shown = -_EVERY

    def show(table: str, written: int) -> None:
        nonlocal shown
        if written - shown >= _EVERY or written < shown:
            shown = written
            sys.stderr.write(f"\r\x1b[K{title}: {table}, {size_text(written)}")
            sys.stderr.flush()

    return show


def end_progress() -> None:
    """Clear the line."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")


def size_text(size: int) -> str:
    """Bytes as people read them."""
    for unit in ("B", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000  # type: ignore[assignment]
    return f"{size:.2f} GB"


def named_clinics(schemas: Iterable[str]) -> list[Clinic]:
    """The clinics of these schema names, or all that are active. Raises CommandError."""
    wanted = list(schemas)
    with platform_scope():
        clinics = Clinic.objects.select_related("shard").order_by("schema_name")
        if not wanted:
            return list(clinics.filter(status=Clinic.Status.ACTIVE))
        found = list(clinics.filter(schema_name__in=wanted))
    if missing := set(wanted) - {clinic.schema_name for clinic in found}:
        raise CommandError(f"No such clinic: {', '.join(sorted(missing))}.")
    return found


def terminal_steps(title: str) -> Callable[[str, int, int], None]:
    """As above, for work whose end is known: what is under way, steps done, steps in all."""
    if not sys.stderr.isatty():
        return silent_steps

    def show(what: str, done: int, total: int) -> None:
        sys.stderr.write(f"\r\x1b[K{title}: {done * 100 // max(total, 1)} % {what}")
        sys.stderr.flush()

    return show
