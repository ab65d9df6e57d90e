"""The clinic's patients. Rows are kept for good: deleting marks them (Lei 13.787/2018, art. 6)."""

import re
from typing import Any, ClassVar, Self

from django.core.validators import MaxLengthValidator, MinLengthValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import STAFF_ROLES, Role, User
from accounts.roles import RoleCheckedModel
from audit.capture.history import TrackedHistory
from core.constraints import RuledModel
from patients import validators
from patients.constraints.patients import patient_constraints
from patients.visibility import conditions_for
from tenants.clinic_model import ClinicModel, ClinicQuerySet


def searchable(text: models.Expression | F) -> Lower:
    """SQL that removes accents and letter case. It is immutable and needs no extension."""
    decomposed = Func(text, template="normalize(%(expressions)s, NFKD)")
    marks = Value(r"[\u0300-\u036f]")
    bare = Func(decomposed, marks, Value(""), Value("g"), function="regexp_replace")
    return Lower(bare, output_field=models.TextField())


class PatientQuerySet(ClinicQuerySet["Patient"]):
    """How patients are read."""

    def alive(self) -> Self:
        """Patients who weren't deleted."""
        return self.filter(deleted_at=None)

    def visible_to(self, user: User) -> Self:
        """Patients whom the person may see: therapists see their own patients, patients themselves.

        A therapist's own patients are those assigned to them, and those that `visibility` adds.
        """
        if user.role == Role.THERAPIST:
            own = Q(therapist=user)
            for condition in conditions_for(user):
                own |= Q(pk__in=Patient.objects.filter(condition).values("pk"))
            return self.filter(own)

        if user.role == Role.PATIENT:
            return self.filter(user=user)
        return self if user.role in STAFF_ROLES else self.none()

    def search(self, text: str) -> Self:
        """By the beginning of a CPF, or by words of the name; accents and case don't matter."""
        if re.fullmatch(r"[0-9.\- ]*[0-9][0-9.\- ]*", text):
            return self.filter(cpf__startswith=re.sub(r"[^0-9]", "", text))

        found = self
        for word in text.split():
            found = found.filter(search_name__contains=searchable(Value(word)))
        return found


class Patient(RuledModel, RoleCheckedModel, ClinicModel):
    """A person in treatment."""

    name = models.CharField(
        _("name"),
        max_length=validators.NAME_LENGTH[1],
        validators=[MinLengthValidator(validators.NAME_LENGTH[0]), validators.validate_name],
    )
    email = models.EmailField(_("e-mail"), max_length=254, blank=True)
    phone = models.CharField(
        _("phone"),
        max_length=16,
        validators=[validators.validate_phone],
        help_text=_("With country and area code, for example +5511987654321."),
    )
    cpf = models.CharField(_("CPF"), max_length=11, validators=[validators.validate_cpf])
    birth_date = models.DateField(_("birth date"), validators=[validators.validate_birth_date])
    medical_history = models.TextField(
        _("medical history"),
        max_length=validators.HISTORY_LENGTH,
        blank=True,
        validators=[MaxLengthValidator(validators.HISTORY_LENGTH), validators.validate_text],
    )
    therapist = models.ForeignKey(
        User,
        verbose_name=_("therapist"),
        on_delete=models.PROTECT,
        related_name="patients",
        null=True,
        blank=True,
    )
    user = models.OneToOneField(
        User,
        verbose_name=_("sign-in"),
        on_delete=models.PROTECT,
        related_name="patient",
        null=True,
        blank=True,
        help_text=_("The patient's own sign-in, if they have one."),
    )
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True, editable=False)
    search_name = models.GeneratedField(
        expression=searchable(F("name")), output_field=models.TextField(), db_persist=True
    )

    people: ClassVar = {"therapist": Role.THERAPIST, "user": Role.PATIENT}
    objects: ClassVar = PatientQuerySet.as_manager()
    history = TrackedHistory()

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        indexes: ClassVar = [
            models.Index(fields=["search_name", "id"], name="patients_patient_by_name"),
            models.Index(fields=["created_at", "id"], name="patients_patient_by_created"),
        ]
        constraints = patient_constraints()

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Any = None) -> None:
        """Bring name, phone and CPF into their stored form, then check every field."""
        self.name = validators.tidy_name(self.name or "")
        self.phone = validators.tidy_phone(self.phone or "")
        self.cpf = validators.tidy_cpf(self.cpf or "")
        super().clean_fields(exclude=exclude)
