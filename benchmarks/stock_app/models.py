"""Tenant and domain, as in django-tenants' manual."""

from django_tenants.models import DomainMixin, TenantMixin


class Tenant(TenantMixin):  # type: ignore[misc]
    """Creates its schema when saved."""

    class Meta:
        app_label = "stock_app"


class Domain(DomainMixin):  # type: ignore[misc]
    """A host name."""

    class Meta:
        app_label = "stock_app"
