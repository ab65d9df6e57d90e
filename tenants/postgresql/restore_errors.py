"""Turns a write that failed because the clinic is being restored into ClinicBeingRestored.

A restore takes the application's right to write (backups.restore.fence), for everybody at once, so
the failure looks like any other missing right. When a right is missing, and only then, the clinic's
schema is asked, on a connection of its own because the transaction is broken: is the right gone
for all tables, or has the routing row become another version since this session read it? Both mean
a restore.
"""

from contextlib import suppress
from typing import Any

import psycopg
from django.conf import settings
from django.db.utils import DatabaseErrorWrapper

from tenants.context import current_scope
from tenants.errors import ClinicBeingRestored

_RESTORED = """
SELECT (SELECT tableoid::text || ':' || xmin::text FROM "{schema}".clinic_epoch) <> %s
    OR NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(%s)
                      AND relkind = 'r' AND has_table_privilege(%s, oid, 'UPDATE'))
"""


class RestoreErrorWrapper(DatabaseErrorWrapper):
    """Django's wrapper; during a restore, InsufficientPrivilege becomes ClinicBeingRestored."""

    wrapper: Any

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        if isinstance(exc_value, psycopg.errors.InsufficientPrivilege) and self._is_restored():
            scope = current_scope()
            raise ClinicBeingRestored(
                schema=scope.clinic.schema if scope and scope.clinic else ""
            ) from exc_value
        super().__exit__(exc_type, exc_value, traceback)

    def _is_restored(self) -> bool:
        wrapper = self.wrapper
        scope = current_scope()
        if scope is None or scope.clinic is None or scope.clinic.shard != wrapper.alias:
            return False

        schema = scope.clinic.schema
        params = dict(wrapper.get_connection_params())
        for name in ("cursor_factory", "context", "pool"):
            params.pop(name, None)

        with suppress(psycopg.Error), psycopg.connect(**params, autocommit=True) as connection:
            connection.execute("SELECT set_config('role', %s, false)", [settings.APP_ROLE])
            asked = _RESTORED.format(schema=schema)
            given = [wrapper.routing_version, f'"{schema}"', settings.APP_ROLE]

            # Twice: a swap between the two looks of one statement (for the table's name, and for
            # the rights) shows the old routing row and the new rights.
            for _ in range(2):
                row: Any = connection.execute(asked, given).fetchone()
                if row[0]:
                    return True

        return False
