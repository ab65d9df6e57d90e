"""What can go wrong on the way to a clinic. Every one of these refuses; none falls through."""

from django.db.utils import OperationalError

from core.errors import Conflict, FieldError, FisioFlowError


class NoClinicActive(FisioFlowError):
    """A clinic's data was asked for while no clinic was active."""

    code = "no_clinic_active"


class CrossClinicAccess(FisioFlowError):
    """An object or query of one clinic was used in another."""

    code = "cross_clinic_access"


class OwnerLoginMissing(FisioFlowError):
    """This needs the owner's login: give this process SHARD_1_OWNER_URL (or DATABASE_OWNER_URL).

    Schemas are changed and trails are sealed with it (docs/how-to/deploy.md).
    """

    code = "owner_login_missing"


class ClinicNotFound(FisioFlowError):
    """No clinic answers to this address."""

    code = "clinic_not_found"
    status = 404


class ClinicClosed(FisioFlowError):
    """This clinic is closed. Its records are kept; ask FisioFlow to reopen it."""

    code = "clinic_closed"
    status = 403


class StaleRoute(FisioFlowError):
    """The clinic's place has changed. Try again."""

    code = "stale_route"
    status = 503
    retry_after = 1


class ClinicSchemaMissing(StaleRoute):
    """The clinic's schema is not where the directory says."""

    code = "clinic_schema_missing"
    retry_after = 30


class ShardUnavailable(FisioFlowError, OperationalError):
    """The clinic's database does not answer at the moment. Try again shortly."""

    code = "shard_unavailable"
    status = 503
    retry_after = 5


class ClinicBeingRestored(FisioFlowError, OperationalError):
    """This clinic is being restored: nothing can be changed meanwhile. Try again shortly."""

    code = "clinic_being_restored"
    status = 503
    retry_after = 10


class InvalidSchemaName(FieldError):
    """A schema name outside ^[a-z][a-z0-9_]{1,48}$."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "schema_name",
            "invalid_schema_name",
            "Use 2 to 49 lower-case letters, digits and underscores, beginning with a letter.",
            given=name[:64],
        )


class ReservedSchemaName(FieldError):
    """A name that a restore gives to schemas."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "schema_name",
            "reserved_schema_name",
            "Names like r_0123456789ab and before_0123456789ab are those of restores."
            " Choose another.",
            given=name,
        )


class ClinicExists(Conflict):
    """A clinic with this schema name or domain exists already."""

    code = "clinic_exists"


class NoOpenShard(Conflict):
    """No shard takes new clinics. Open one, or name a shard."""

    code = "no_open_shard"


class UnknownShard(FieldError):
    """There is no such shard."""

    def __init__(self, alias: str) -> None:
        super().__init__(
            "shard",
            "unknown_shard",
            "No open shard has this name. Those with a SHARD_<N>_URL are known.",
        )
        self.extra = {"shard": alias}


class DirectoryUnavailable(FisioFlowError, OperationalError):
    """The service is not available at the moment. Try again shortly."""

    code = "directory_unavailable"
    status = 503
    retry_after = 5


class NotOfTheStaff(FisioFlowError):
    """Only an active member of the platform's staff may do this."""

    code = "not_of_the_staff"
    status = 403


class ShardNotEmpty(Conflict):
    """This shard holds clinics, so it can't be closed. Let it drain first."""

    code = "shard_not_empty"


class PrimaryDomain(Conflict):
    """A clinic keeps its primary domain."""

    code = "primary_domain"


class TemplateMissing(FisioFlowError):
    """The shard has no migrated template schema. Run manage.py migrate_clinics first."""

    code = "template_missing"
    status = 503


class MigrationsUnknown(FisioFlowError):
    """This database has migrations that this code lacks. In development, run: make reset.

    It is a later release's, or was made before the first release: the migrations were written anew
    then, so no installation has the old ones.
    """

    code = "migrations_unknown"
