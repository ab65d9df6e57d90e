"""Only the API: all that the shared API host serves, and part of what a clinic's host serves."""

from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerView

_read_only = {"http_method_names": ["get", "head"]}
urlpatterns = [
    path("api/v1/", include("accounts.urls")),
    path("api/v1/", include("audit.urls")),
    path("api/v1/", include("patients.urls")),
    path("api/v1/", include("exercises.urls")),
    path("api/v1/", include("scheduling.urls")),
    path("api/v1/schema", SpectacularJSONAPIView.as_view(**_read_only), name="schema"),
    path(
        "api/v1/docs", SpectacularSwaggerView.as_view(url_name="schema", **_read_only), name="docs"
    ),
]

handler400 = "core.api.handlers.bad_request"
handler403 = "core.api.handlers.permission_denied"
handler404 = "core.api.handlers.not_found"
handler500 = "tenants.middleware.server_error"
