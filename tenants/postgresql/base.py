"""The database backend: django-tenants' wrapper, made to fail closed and to know many servers.

Before the first statement of every activation and every transaction, ONE statement sets the search
path (only the clinic's schema) and the role, names the actor for the audit trail and reads the
epoch row of the clinic's schema. A missing schema, an old epoch or a closed clinic is an error,
never a fall-through to `public`. What was set is forgotten on rollback, rollback to a savepoint,
close and reconnect.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import psycopg
from django.conf import settings
from django.db.backends.postgresql.introspection import DatabaseIntrospection
from django.db.utils import OperationalError, ProgrammingError
from django.utils.functional import cached_property
from django_tenants.postgresql_backend import base

from core.actor import current_actor
from tenants.context import DIRECTORY, Scope, current_scope
from tenants.errors import (
    ClinicClosed,
    ClinicSchemaMissing,
    NoClinicActive,
    ShardUnavailable,
    StaleRoute,
    TemplateMissing,
)
from tenants.postgresql.restore_errors import RestoreErrorWrapper

SHARD_COOL_DOWN = 2.0  # seconds to wait before asking a shard again that refused a connection
_NO_SUCH_SCHEMA = {"42P01", "3F000"}  # undefined_table, invalid_schema_name
_down_until: dict[str, float] = {}  # alias to monotonic time; a late reader only tries once more

_ENTER_CLINIC = """
    SELECT set_config('search_path', %s, false), set_config('fisioflow.actor', %s, false),
           set_config('role', %s, false),
           (SELECT array[epoch::text, state, tableoid::text || ':' || xmin::text]
              FROM "{schema}".clinic_epoch WHERE clinic_id = %s)
"""
_ENTER_SCHEMA = """
    SELECT set_config('search_path', %s, false), set_config('fisioflow.actor', %s, false),
           set_config('role', %s, false), to_regnamespace(%s) IS NOT NULL
"""


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]
    """One connection of one thread to the directory or to a shard."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._sent: tuple[int, str, str, str] | None = None
        self.routing_version = ""  # of the epoch row that the last entry into a clinic read
        self.acts_as_owner = False  # tenants.postgresql.owner sets it
        self._setting_search_path: bool = False
        self.search_path_set_schemas: list[str] | None = None
        super().__init__(*args, **kwargs)
        # The search path is one schema, so Django's own introspection sees exactly that schema.
        self.introspection = DatabaseIntrospection(self)

    # django-tenants keeps a tenant on the connection; here only the context variable counts.
    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """Refused, except when the base class's constructor calls it."""
        if getattr(tenant, "schema_name", None) != "public":
            self._refuse_stock_api()
        self.tenant, self.schema_name = tenant, "public"

    def set_schema(
        self, schema_name: str, include_public: bool = True, tenant_type: str | None = None
    ) -> None:
        """Refused: use tenants.context.clinic_scope."""
        self._refuse_stock_api()

    def set_schema_to_public(self) -> None:
        """The base class's constructor calls this; there is nothing to set."""
        self.tenant, self.schema_name = None, "public"

    @staticmethod
    def _refuse_stock_api() -> NoReturn:
        raise TypeError("Enter a clinic with tenants.context.clinic_scope(route).")

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect. Raises ShardUnavailable; for SHARD_COOL_DOWN afterwards, without trying."""
        if time.monotonic() < _down_until.get(self.alias, 0.0):
            raise ShardUnavailable(shard=self.alias)

        self._forget()
        try:
            return super().get_new_connection(conn_params)
        except (psycopg.OperationalError, OperationalError) as error:
            if self.alias == DIRECTORY:
                raise
            _down_until[self.alias] = time.monotonic() + SHARD_COOL_DOWN
            raise ShardUnavailable(shard=self.alias) from error

    @cached_property
    def wrap_database_errors(self) -> RestoreErrorWrapper:
        """Django's translation of errors, which also recognises a restore."""
        return RestoreErrorWrapper(self)

    def init_connection_state(self) -> None:
        with self._without_session():  # asks for the server's version, which needs no clinic
            super().init_connection_state()

    def _set_autocommit(self, autocommit: bool) -> None:
        # A transaction that begins verifies the route again: its clinic may have moved since.
        if not autocommit:
            self._forget()
        super()._set_autocommit(autocommit)

    def savepoint_rollback(self, sid: str) -> None:
        with self._without_session():  # the transaction may be aborted: nothing else may be sent
            super().savepoint_rollback(sid)
        self._forget()

    # Savepoints need no clinic, and may be set before one is entered.
    def _savepoint(self, sid: str) -> None:
        with self._without_session():
            super()._savepoint(sid)

    def _savepoint_commit(self, sid: str) -> None:
        with self._without_session():
            super()._savepoint_commit(sid)

    def check_constraints(self, table_names: Any = None) -> None:
        with self._without_session():
            super().check_constraints(table_names)

    def _forget(self) -> None:
        self._sent = None
        self.search_path_set_schemas = None

    @contextmanager
    def _without_session(self) -> Iterator[None]:
        before, self._setting_search_path = self._setting_search_path, True
        try:
            yield
        finally:
            self._setting_search_path = before

    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._setting_search_path:
            return

        scope = self._scope_or_refuse()
        actor = current_actor().as_setting()
        role = "none" if self.acts_as_owner else settings.APP_ROLE
        wanted = (scope.activation if scope else 0, scope.key if scope else DIRECTORY, actor, role)

        # The base class empties search_path_set_schemas whenever the server may have forgotten.
        if self._sent == wanted and self.search_path_set_schemas:
            return

        self._forget()
        with self._without_session():
            if cursor is None:  # a named cursor runs one statement only: borrow a plain one
                with self.cursor() as plain:
                    schema = self._enter(plain, scope, actor, role)
            else:
                schema = self._enter(cursor, scope, actor, role)

        self._sent, self.search_path_set_schemas = wanted, [schema]

    def _scope_or_refuse(self) -> Scope | None:
        """The scope that decides this connection's schema; None for the directory."""
        if self.alias == DIRECTORY:
            return None

        scope = current_scope()
        if scope is None or not (scope.clinic or scope.maintenance_schema):
            raise NoClinicActive(database=self.alias)
        if scope.clinic and scope.clinic.shard != self.alias:
            raise NoClinicActive(database=self.alias, clinic_on=scope.clinic.shard)

        return scope

    def _enter(self, cursor: Any, scope: Scope | None, actor: str, role: str) -> str:
        if scope is None or scope.clinic is None:
            schema = scope.maintenance_schema if scope else "public"
            cursor.execute(_ENTER_SCHEMA, [f'"{schema}", pg_temp', actor, role, f'"{schema}"'])
            if not cursor.fetchone()[3]:
                raise TemplateMissing(schema=schema, database=self.alias)
            return str(schema)

        clinic = scope.clinic
        path = f'"{clinic.schema}", pg_temp'
        try:
            cursor.execute(
                _ENTER_CLINIC.format(schema=clinic.schema), [path, actor, role, clinic.clinic_id]
            )
        except ProgrammingError as error:
            if getattr(error.__cause__, "sqlstate", "") not in _NO_SUCH_SCHEMA:
                raise
            raise ClinicSchemaMissing(schema=clinic.schema, database=self.alias) from error

        row = cursor.fetchone()[3]
        if row is None:
            raise ClinicSchemaMissing(schema=clinic.schema, database=self.alias)

        epoch, state = int(row[0]), row[1]
        if epoch != clinic.epoch:
            raise StaleRoute(schema=clinic.schema, epoch=epoch, route_epoch=clinic.epoch)
        if state != "open":
            raise ClinicClosed(schema=clinic.schema, state=state)

        self.routing_version = row[2]
        return clinic.schema
