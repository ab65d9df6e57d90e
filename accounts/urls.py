"""The sign-in endpoints, below /api/v1/."""

from django.urls import path

from accounts.views import MeView, RefreshView, RevokeView, TokenView

urlpatterns = [
    path("auth/token", TokenView.as_view(), name="auth-token"),
    path("auth/refresh", RefreshView.as_view(), name="auth-refresh"),
    path("auth/revoke", RevokeView.as_view(), name="auth-revoke"),
    path("me", MeView.as_view(), name="me"),
]
