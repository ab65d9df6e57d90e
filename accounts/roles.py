"""Fields that ask for a person of one role: a therapist, a patient's own sign-in."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Role

_WRONG = {
    Role.THERAPIST: (_("This person is not a therapist."), "not_a_therapist"),
    Role.PATIENT: (_("This sign-in is not a patient's."), "not_a_patient"),
}


class RoleCheckedModel(models.Model):
    """`full_clean` reports the fields of `people` that name a person of another role."""

    people: ClassVar[Mapping[str, Role]]  # by foreign key

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Any = None) -> None:
        """Check every field, then the roles; raises ValidationError with all that is refused."""
        errors: dict[str, list[ValidationError]] = {}
        try:
            super().clean_fields(exclude=exclude)
        except ValidationError as refused:
            errors = refused.update_error_dict(errors)

        judged = {*errors, *(exclude or ())}
        errors |= {field: [error] for field, error in self.wrong_roles(exclude=judged)}

        if errors:
            raise ValidationError(errors)

    def wrong_roles(
        self, *, exclude: Collection[str] = ()
    ) -> Iterator[tuple[str, ValidationError]]:
        """Each field, except in `exclude`, that names a person of another role, and its error."""
        for field, role in self.people.items():
            asked = field not in exclude and getattr(self, f"{field}_id") is not None
            if asked and getattr(self, field).role != role:
                message, code = _WRONG[role]
                yield field, ValidationError(message, code=code)
