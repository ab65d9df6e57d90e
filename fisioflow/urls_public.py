"""The public host: the platform's admin."""

from django.urls import path
from django.views.generic import RedirectView

import fisioflow.admin  # noqa: F401  registers what the site's URLs are made of
from accounts.admin_sites import platform_site
from fisioflow.urls_api import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("admin/", platform_site.urls),
    path(
        "",
        RedirectView.as_view(pattern_name="platform:index", http_method_names=["get", "head"]),
        name="home",
    ),
]
