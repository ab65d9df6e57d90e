"""A clinic's host: the API and the clinic's admin."""

from django.urls import path
from django.views.generic import RedirectView

import fisioflow.admin  # noqa: F401  registers what the site's URLs are made of
from accounts.admin_sites import clinic_site
from fisioflow.urls_api import handler400, handler403, handler404, handler500
from fisioflow.urls_api import urlpatterns as api_urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    *api_urlpatterns,
    path("admin/", clinic_site.urls),
    path(
        "",
        RedirectView.as_view(pattern_name="clinic:index", http_method_names=["get", "head"]),
        name="home",
    ),
]
