"""The looks and the menus of the two admins: settings of django-unfold."""

from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _item(title: Any, icon: str, url_name: str, permission: str = "") -> dict[str, Any]:
    """A menu item; it is hidden from users without `permission`."""

    def seen(request: Any) -> bool:
        return not permission or request.user.has_perm(permission)

    return {"title": title, "icon": icon, "link": reverse_lazy(url_name), "permission": seen}


def _menu(*groups: tuple[Any, list[dict[str, Any]]]) -> dict[str, Any]:
    return {"navigation": [{"title": title, "items": items} for title, items in groups]}


_LOOKS = {
    "SITE_TITLE": "FisioFlow",
    "SITE_HEADER": "FisioFlow",
    "SITE_SYMBOL": "physical_therapy",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    # A calm teal, in the steps of Tailwind's palette.
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.72)",
            "100": "oklch(95.3% .051 180.801)",
            "200": "oklch(91% .096 180.426)",
            "300": "oklch(85.5% .138 181.071)",
            "400": "oklch(77.7% .152 181.912)",
            "500": "oklch(70.4% .14 182.503)",
            "600": "oklch(51.1% .096 186.391)",
            "700": "oklch(43.7% .078 188.216)",
            "800": "oklch(38.6% .063 188.416)",
            "900": "oklch(32% .055 189)",
            "950": "oklch(27.7% .046 192.524)",
        }
    },
}

UNFOLD = _LOOKS | {
    "SHOW_HISTORY": True,
    "DASHBOARD_CALLBACK": "scheduling.dashboard.clinic_dashboard",
    "SIDEBAR": _menu(
        (
            _("Clinic"),
            [
                _item(_("Today"), "today", "clinic:index", "scheduling.view_appointment"),
                _item(
                    _("Agenda"),
                    "calendar_month",
                    "clinic:scheduling_appointment_changelist",
                    "scheduling.view_appointment",
                ),
                _item(
                    _("Patients"),
                    "personal_injury",
                    "clinic:patients_patient_changelist",
                    "patients.view_patient",
                ),
                _item(
                    _("People"), "groups", "clinic:accounts_user_changelist", "accounts.view_user"
                ),
                _item(
                    _("Audit trail"), "history", "clinic:audit_event_changelist", "audit.view_event"
                ),
            ],
        ),
    ),
}

UNFOLD_PLATFORM = _LOOKS | {
    "SITE_SUBHEADER": _("Platform"),
    "SIDEBAR": _menu(
        (
            _("Directory"),
            [
                _item(_("Clinics"), "home_health", "platform:tenants_clinic_changelist"),
                _item(_("Domains"), "language", "platform:tenants_domain_changelist"),
                _item(_("Shards"), "database", "platform:tenants_shard_changelist"),
            ],
        ),
        (
            _("Backups"),
            [
                _item(
                    _("By clinic"),
                    "settings_backup_restore",
                    "platform:backups_clinicbackups_changelist",
                ),
                _item(_("Runs"), "manage_history", "platform:backups_run_changelist"),
            ],
        ),
        (
            _("Platform"),
            [
                _item(_("Staff"), "badge", "platform:accounts_user_changelist"),
                _item(
                    _("Periodic work"),
                    "schedule",
                    "platform:django_celery_beat_periodictask_changelist",
                ),
            ],
        ),
    ),
}
