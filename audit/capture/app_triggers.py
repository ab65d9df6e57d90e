"""The triggers that the clinical apps' own migrations make, as each app registers them.

A trigger on a tracked table could change the row, or its actor. So `audit.seals.guards` reports
every trigger that is neither registered here nor made by the audit trail itself.
"""

from collections.abc import Mapping

_TRIGGERS: dict[str, str] = {}  # by app
_FUNCTIONS: dict[str, dict[str, str]] = {}


def register_triggers(app: str, *, triggers: str, functions: Mapping[str, str]) -> None:
    """Register the triggers and functions that an app's migrations make in a clinic's schema.

    `triggers`: the statements as pg_get_triggerdef writes them, each followed by a semicolon.
    `functions`: by signature, SHA-256 (hexadecimal) of the body of each function that they call.
    """
    _TRIGGERS[app], _FUNCTIONS[app] = triggers, dict(functions)


def triggers_of_apps() -> str:
    """The registered trigger statements of all apps."""
    return "".join(_TRIGGERS.values())


def functions_of_apps() -> dict[str, str]:
    """The registered digests of all apps' functions, by signature."""
    return {name: digest for found in _FUNCTIONS.values() for name, digest in found.items()}
