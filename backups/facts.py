"""What the directory knows of a clinic, for the manifest: an empty installation takes it thence."""

from backups.manifests import Facts
from tenants.context import ClinicRoute, platform_scope
from tenants.models import Clinic


def facts_of(route: ClinicRoute) -> Facts:
    """The clinic's facts by now. Raises Clinic.DoesNotExist."""
    with platform_scope():
        clinic = Clinic.objects.get(id=route.clinic_id)
        return Facts(
            name=clinic.name,
            plan=clinic.plan,
            time_zone=clinic.time_zone,
            state=clinic.state,
            closed=clinic.status == Clinic.Status.CLOSED,
            domains=domains_of(clinic),
        )


def domains_of(clinic: Clinic) -> tuple[str, ...]:
    """The host names that it answers to, its primary one first."""
    rows = clinic.domains.order_by("-is_primary", "domain")
    return tuple(rows.values_list("domain", flat=True))
