"""The app of people: what its constraints mean, and what happens when a session begins and ends."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """People who sign in."""

    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        # Models can't be loaded earlier.
        from accounts.middleware import stamp_session
        from accounts.models import TRAIL_READERS
        from accounts.sign_in import record_session_begin, record_session_end
        from audit.trail.access import register_readers
        from core.constraints import Rule, register

        user_logged_in.connect(stamp_session, dispatch_uid="accounts.stamp_session")
        user_logged_in.connect(record_session_begin, dispatch_uid="accounts.session_begin")
        user_logged_out.connect(record_session_end, dispatch_uid="accounts.session_end")

        register_readers(TRAIL_READERS)
        register(
            {
                "accounts_user_email_unique": Rule(
                    "email", "email_taken", _("Somebody here has this e-mail already."), 409
                ),
                "accounts_user_role_known": Rule("role", "invalid_choice", _("No such role.")),
                "accounts_user_therapist_has_crefito": Rule(
                    "crefito", "required", _("A therapist has a CREFITO number.")
                ),
                "accounts_user_intern_is_therapist": Rule(
                    "supervisor", "not_a_therapist", _("Only a therapist can be an intern.")
                ),
                "accounts_user_supervisor_other": Rule(
                    "supervisor", "invalid", _("Nobody is their own supervisor.")
                ),
            }
        )
