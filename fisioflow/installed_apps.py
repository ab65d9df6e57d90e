"""Which apps have tables in the directory, in each clinic's schema, in both, or none at all."""

# In the directory.
SHARED_APPS = [
    "tenants",
    "audit",
    "accounts",
    "backups",
    "django_celery_beat",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
# In each clinic's schema.
TENANT_APPS = [
    "audit",
    "accounts",
    "patients",
    "exercises",
    "scheduling",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
TABLELESS_APPS = [
    "fisioflow",
    "demo",
    "core",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.simple_history",
    "simple_history",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_prometheus",
    "storages",
]
# From the top layer down, as in pyproject.toml. Of two apps that have the same command, template or
# text, Django takes the first one's: ours stand before the packages.
_OWN = [
    "fisioflow",
    "demo",
    "backups",
    "scheduling",
    "exercises",
    "patients",
    "accounts",
    "audit",
    "tenants",
    "core",
]
# The admin's theme stands before the pages that it changes.
_FIRST = ["unfold.apps.BasicAppConfig", "unfold.contrib.simple_history"]
INSTALLED_APPS = [
    *_OWN,
    *dict.fromkeys(
        app for app in [*_FIRST, *SHARED_APPS, *TENANT_APPS, *TABLELESS_APPS] if app not in _OWN
    ),
]
