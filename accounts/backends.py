"""Password sign-in, and what each role may do in the admin."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import Model

from accounts.models import ADMIN_ROLES, TRAIL_READERS, Role, User

# Apps whose pages a clinic's owner and manager may use. An app that isn't listed is refused.
CLINIC_ADMIN_APPS = frozenset({"accounts", "exercises", "patients", "scheduling"})
PLATFORM_ADMIN_APPS = frozenset({"tenants", "accounts", "django_celery_beat"})
_HIDDEN = frozenset({"tokenfamily"})


class RoleBackend(ModelBackend):
    """Owner and manager: their clinic's apps. Platform staff: the directory. Others: nothing.

    TRAIL_READERS read the audit trail; nobody changes it.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        """Whether the user may do `app.action_model`."""
        app, _, codename = perm.partition(".")
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        if codename.rpartition("_")[2] in _HIDDEN:
            return False

        if user_obj.role == Role.PLATFORM:
            return user_obj.is_superuser and app in PLATFORM_ADMIN_APPS
        if app == "audit":
            return user_obj.role in TRAIL_READERS and codename.startswith("view_")
        return user_obj.role in ADMIN_ROLES and app in CLINIC_ADMIN_APPS

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether the user sees the app in the admin's index."""
        return self.has_perm(user_obj, f"{app_label}.view_module")
