"""People who sign in: a clinic's people in its schema, the platform's staff in the directory."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from audit.capture.history import TrackedHistory
from core.constraints import RuledModel
from core.ids import uuid7
from tenants.clinic_model import ClinicModel, ClinicQuerySet


class Role(models.TextChoices):
    """What a person is to the clinic. PLATFORM exists only in the directory."""

    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    THERAPIST = "therapist", _("Therapist")
    RECEPTIONIST = "receptionist", _("Receptionist")
    PATIENT = "patient", _("Patient")
    AUDITOR = "auditor", _("Auditor")
    PLATFORM = "platform", _("Platform staff")


ADMIN_ROLES = frozenset({Role.OWNER, Role.MANAGER})
CLINIC_ADMIN_ROLES = ADMIN_ROLES | {Role.AUDITOR}  # the auditor sees only the trail
TRAIL_READERS = frozenset({Role.OWNER, Role.AUDITOR})
STAFF_ROLES = ADMIN_ROLES | {Role.RECEPTIONIST, Role.THERAPIST}


class UserManager(BaseUserManager["User"].from_queryset(ClinicQuerySet)):  # type: ignore[misc]
    """Creates people with a hashed password and a lower-case e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person who may sign in, once they have a password."""
        user: User = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Platform staff, for the directory (`manage.py createsuperuser`)."""
        fields |= {"role": Role.PLATFORM, "is_superuser": True}
        return self.create_user(email, password, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Sign-in ignores the letter case of the e-mail."""
        user: User = self.get(email=(username or "").strip().lower())
        return user


class User(RuledModel, AbstractBaseUser, PermissionsMixin):
    """A person: signs in by e-mail, has one role."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254)
    full_name = models.CharField(_("full name"), max_length=100)
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    crefito = models.CharField(
        _("CREFITO number"),
        max_length=20,
        blank=True,
        help_text=_("Registration with the regional council; therapists only."),
    )
    supervisor = models.ForeignKey(
        "self",
        verbose_name=_("supervisor"),
        on_delete=models.PROTECT,
        related_name="interns",
        null=True,
        blank=True,
        help_text=_("Makes the therapist an intern: the supervisor signs their notes too."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = UserManager()
    history = TrackedHistory(digests=("password",))

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_unique"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="accounts_user_role_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(role=Role.THERAPIST)
                | ~models.Q(crefito="")
                | models.Q(supervisor__isnull=False),
                name="accounts_user_therapist_has_crefito",
            ),
            models.CheckConstraint(
                condition=models.Q(supervisor=None) | models.Q(role=Role.THERAPIST),
                name="accounts_user_intern_is_therapist",
            ),
            models.CheckConstraint(
                condition=models.Q(supervisor=None) | ~models.Q(supervisor=models.F("id")),
                name="accounts_user_supervisor_other",
            ),
            models.CheckConstraint(
                condition=models.Q(is_superuser=False) | models.Q(role=Role.PLATFORM),
                name="accounts_user_superuser_is_platform",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    @property
    def is_staff(self) -> bool:
        """Whether the person may enter the admin of their host."""
        return self.role in CLINIC_ADMIN_ROLES or self.role == Role.PLATFORM

    def get_full_name(self) -> str:
        """The name by which the admin greets the person."""
        return self.full_name

    @property
    def is_intern(self) -> bool:
        """Whether a supervisor answers for what the person writes."""
        return self.supervisor_id is not None

    @property
    def may_supervise(self) -> bool:
        """Whether the person signs notes in their own name, and may sign an intern's."""
        return self.is_active and bool(self.crefito) and not self.is_intern

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip().lower()


class TokenFamily(ClinicModel):
    """One sign-in of the API and its chain of refresh tokens; `generation` is the only live one."""

    user = models.ForeignKey(User, models.CASCADE, related_name="token_families")
    generation = models.PositiveIntegerField(default=0)
    credential = models.CharField(max_length=64)  # SHA-256 of the password's hash at sign-in
    rotated_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_for = models.CharField(max_length=16, blank=True)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(revoked_at=None, revoked_for="")
                | models.Q(revoked_at__isnull=False) & ~models.Q(revoked_for=""),
                name="accounts_tokenfamily_revoked_has_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(credential__regex=r"^[0-9a-f]{64}$"),
                name="accounts_tokenfamily_credential_form",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
