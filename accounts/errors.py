"""What can go wrong on the way in."""

from core.errors import Conflict, FieldError, FisioFlowError


class InvalidCredentials(FisioFlowError):
    """The e-mail or the password is wrong."""

    code = "invalid_credentials"
    status = 401


class TooManyAttempts(FisioFlowError):
    """Too many attempts. Wait a minute and try again."""

    code = "too_many_attempts"
    status = 429
    retry_after = 60


class InvalidToken(FisioFlowError):
    """The token is invalid or has expired."""

    code = "token_invalid"
    status = 401

    @property
    def refuses_access(self) -> bool:
        return True


class TokenSpent(InvalidToken):
    """The token is invalid or has expired."""

    @property
    def refuses_access(self) -> bool:
        """No: tokens expire all the time, and the reuse of one is recorded where it is found."""
        return False


class TokenSuperseded(Conflict):
    """The token was already refreshed by another request."""

    code = "token_superseded"


class ReasonMissing(FisioFlowError):
    """Say why you act as somebody else."""

    code = "reason_missing"
    status = 400


class PersonNotFound(FisioFlowError):
    """The clinic has no active person with this e-mail."""

    code = "person_not_found"
    status = 404


class RoleAboveOwn(FisioFlowError):
    """You can't give, change or take away a role above your own."""

    code = "role_above_own"
    status = 403


class SupervisorUnfit(FieldError):
    """A supervisor is active, has a CREFITO number and is no intern."""

    def __init__(self) -> None:
        message = "A supervisor is active, has a CREFITO number and is no intern."
        super().__init__("supervisor", "unfit", message)
