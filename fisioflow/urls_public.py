"""The public host: the platform's admin."""

from django.urls import path
from django.utils.module_loading import autodiscover_modules
from django.views.generic import RedirectView

from fisioflow.admin_sites import platform_site
from fisioflow.urls_api import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

autodiscover_modules("admin")  # the sites' URLs are of what is registered by now

urlpatterns = [
    path("admin/", platform_site.urls),
    path(
        "",
        RedirectView.as_view(pattern_name="platform:index", http_method_names=["get", "head"]),
        name="home",
    ),
]
