"""The one base of every error that FisioFlow raises on purpose.

The class's docstring is its default message, in English, and is translated when shown. `code` and
`status` are the contract with clients. `extra` holds ids and names of fields, never clinical
content.
"""

from typing import ClassVar

from django.utils.translation import gettext


class FisioFlowError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retry_after: ClassVar[int | None] = None  # seconds, sent as Retry-After

    def __init__(self, message: str | None = None, **extra: object) -> None:
        self.message = message or (type(self).__doc__ or "").split("\n\n")[0].strip()
        self.extra = extra
        super().__init__(self.message)

    @property
    def refuses_access(self) -> bool:
        """Whether the audit trail records this refusal."""
        return self.status == 403

    @property
    def detail(self) -> str:
        """The message in the reader's language."""
        return gettext(self.message)

    def __str__(self) -> str:
        if not self.extra:
            return self.message
        facts = ", ".join(f"{name}={value}" for name, value in self.extra.items())
        return f"{self.message} ({facts})"


class FieldError(FisioFlowError):
    """A value was refused.

    `field` names the input (empty for the whole object); `field_code` says why.
    """

    code = "invalid"
    status = 400

    def __init__(self, field: str, field_code: str, message: str, **extra: object) -> None:
        self.field = field
        self.field_code = field_code
        super().__init__(message, **extra)


class NotPermitted(FisioFlowError):
    """Your role may not do this."""

    code = "permission_denied"
    status = 403


class FieldNotPermitted(FieldError):
    """Your role may not set this field."""

    def __init__(self, field: str) -> None:
        super().__init__(field, "not_permitted", "Your role may not set this field.")


class Conflict(FisioFlowError):
    """The change conflicts with the present state."""

    code = "conflict"
    status = 409
