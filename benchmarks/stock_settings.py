"""A plain django-tenants project to compare with, on the directory server's database `stock`."""

import os

from core.env import env_database

os.environ.setdefault("DATABASE_OWNER_URL", "postgresql://fisioflow@/fisioflow?host=/nonexistent")
SECRET_KEY = "a benchmark has no secrets"  # noqa: S105
DATABASES = {
    "default": env_database("DATABASE_OWNER_URL")
    | {"ENGINE": "django_tenants.postgresql_backend", "NAME": "stock"}
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
SHARED_APPS = ["django_tenants", "benchmarks.stock_app", "django.contrib.contenttypes"]
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.admin",
    "django.contrib.sessions",
]
INSTALLED_APPS = list(dict.fromkeys([*SHARED_APPS, *TENANT_APPS, "django.contrib.messages"]))
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
TENANT_MODEL = "stock_app.Tenant"
TENANT_DOMAIN_MODEL = "stock_app.Domain"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
