"""What can go wrong on the way in."""

from fisioflow.errors import Conflict, FisioFlowError


class SignInRefused(FisioFlowError):
    """E-mail or password is wrong."""

    code = "sign_in_refused"
    status = 401


class TooManyAttempts(FisioFlowError):
    """Too many attempts. Wait a minute and try again."""

    code = "too_many_attempts"
    status = 429
    retry_after = 60


class InvalidToken(FisioFlowError):
    """The token is invalid, expired or of another clinic. Sign in again."""

    code = "invalid_token"
    status = 401


class TokenReused(InvalidToken):
    """The refresh token was used before. Sign in again."""

    code = "token_reused"


class EmailTaken(Conflict):
    """Somebody in this clinic has this e-mail already."""

    code = "email_taken"
