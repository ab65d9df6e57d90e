"""Settings. What differs between places comes from the environment: docs/reference/settings.md."""

from pathlib import Path

from core.env import env_bool, env_choice, env_int, env_list, env_secret, env_text, env_url
from core.logs import logging_config
from fisioflow import installed_apps
from fisioflow.admin_theme import UNFOLD, UNFOLD_PLATFORM  # noqa: F401  settings of the admins
from fisioflow.databases import databases
from fisioflow.openapi import SPECTACULAR_SETTINGS  # noqa: F401  settings of the document

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = env_secret("SECRET_KEY", min_length=50)
DEBUG = env_bool("DEBUG", default=False)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS")
PUBLIC_HOSTS = env_list("PUBLIC_HOSTS")  # the platform's admin
API_HOSTS = env_list("API_HOSTS")  # the shared API; X-Tenant-ID names the clinic

# --- Apps -------------------------------------------------------------------------------------

SHARED_APPS = installed_apps.SHARED_APPS
TENANT_APPS = installed_apps.TENANT_APPS
INSTALLED_APPS = installed_apps.INSTALLED_APPS
TENANT_MODEL = "tenants.Clinic"
TENANT_DOMAIN_MODEL = "tenants.Domain"
AUTH_USER_MODEL = "accounts.User"

# --- Databases: the directory and the shards --------------------------------------------------

APP_ROLE = env_text("APP_ROLE", "fisioflow_app")  # owns nothing, so it can't change the audit trail

DATABASES = databases()
DATABASE_ROUTERS = ["tenants.router.ClinicRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Cache, background work -------------------------------------------------------------------

REDIS_URL = env_url("REDIS_URL", ("redis", "rediss", "unix"))
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "fisioflow",
        "OPTIONS": {
            "SOCKET_CONNECT_TIMEOUT": 1,
            "SOCKET_TIMEOUT": 1,
            "IGNORE_EXCEPTIONS": True,  # without Redis the directory is asked instead
        },
    }
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 3600  # seconds; backups and drills have their own
# Redis gives a task that is unfinished after this time to another worker: longer than any task.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 7 * 3600}
# Tasks that need the owner's login, or the key that opens backups. A worker takes both queues
# unless WORKER_QUEUES says otherwise (deploy/entrypoint.sh).
CELERY_TASK_ROUTES = {
    name: {"queue": "privileged"}
    for name in (
        "audit.tasks.seal_clinic",
        "audit.tasks.seal_platform",
        "backups.tasks.drill_clinic",
        "backups.tasks.recover_shards",
    )
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"

# --- Requests ---------------------------------------------------------------------------------

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "core.requests.RequestMiddleware",
    "fisioflow.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tenants.middleware.ClinicMiddleware",
    "audit.events.middleware.TrailMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "fisioflow.urls"
PUBLIC_URLCONF = "fisioflow.urls_public"
API_URLCONF = "fisioflow.urls_api"
WSGI_APPLICATION = "fisioflow.wsgi.application"
APPEND_SLASH = False
TRUSTED_PROXIES = env_int("TRUSTED_PROXIES", default=0)  # proxies that append to X-Forwarded-For
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # bytes

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Security ---------------------------------------------------------------------------------

HTTPS = env_bool("HTTPS", default=True)  # off only for a stack on localhost
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
SECURE_HSTS_SECONDS = env_int("HSTS_SECONDS", default=31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"  # one host's: clinics never share it
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600  # seconds
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_SECURE = HTTPS
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # e-mail is unique, whatever its letter case: accounts_user_email_unique
]
LOGIN_REDIRECT_URL = "/admin/"  # after a sign-in that names no page of this host
AUTHENTICATION_BACKENDS = ["accounts.backends.RoleBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SIGN_IN_ATTEMPTS_PER_MINUTE = env_int("SIGN_IN_ATTEMPTS_PER_MINUTE", default=10, minimum=1)
ACCESS_TOKEN_SECONDS = env_int("ACCESS_TOKEN_SECONDS", default=300, minimum=30)
REFRESH_IDLE_DAYS = env_int("REFRESH_IDLE_DAYS", default=14, minimum=1)
REFRESH_TOTAL_DAYS = env_int("REFRESH_TOTAL_DAYS", default=90, minimum=1)

# --- API --------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.ClinicTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.ByRole"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["core.api.filters.StrictFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.ApiSchema",
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.CursorPages",
    "EXCEPTION_HANDLER": "core.api.errors.exception_handler",
    "DEFAULT_VERSIONING_CLASS": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "NUM_PROXIES": TRUSTED_PROXIES,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

# --- Files ------------------------------------------------------------------------------------

FILES_BUCKET = env_text("FILES_BUCKET", "")
STORAGES = {
    "default": (
        {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": FILES_BUCKET,
                "endpoint_url": env_text("FILES_ENDPOINT_URL", "") or None,
                "default_acl": None,
                "querystring_auth": True,
                "querystring_expire": 60,  # seconds
                "file_overwrite": False,
            },
        }
        if FILES_BUCKET
        else {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": env_text("FILES_DIR", str(BASE_DIR / ".fisioflow" / "files"))},
        }
    ),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
DOCUMENT_MAX_BYTES = env_int("DOCUMENT_MAX_BYTES", default=20 * 1024 * 1024, minimum=1)
DOCUMENT_LINK_SECONDS = 60  # how long a link to a document works
# Without a scanner documents stay in quarantine. patients.scanning.DevelopmentScanner calls
# everything clean.
DOCUMENT_SCANNER = env_text("DOCUMENT_SCANNER", "patients.scanning.ClamdScanner")
CLAMD_URL = env_url("CLAMD_URL", ("tcp", "unix"), "tcp://127.0.0.1:3310")
STATIC_URL = "/static/"
STATIC_ROOT = Path(env_text("STATIC_ROOT", str(BASE_DIR / ".fisioflow" / "static")))

# --- Backups (backups/installation.py reads these) ---------------------------------------------

BACKUP_STORE_URL = env_url(
    "BACKUP_STORE_URL", ("file", "s3"), (BASE_DIR / ".fisioflow" / "backups").as_uri()
)
BACKUP_STORE_ENDPOINT_URL = env_text("BACKUP_STORE_ENDPOINT_URL", "")
BACKUP_RECIPIENTS = env_list("BACKUP_RECIPIENTS")  # public keys: who can read backups
BACKUP_SIGNING_KEY_FILE = env_text("BACKUP_SIGNING_KEY_FILE", "")
BACKUP_TRUSTED_KEYS = env_list("BACKUP_TRUSTED_KEYS")  # public keys: whose backups are trusted
BACKUP_IDENTITY_FILE = env_text("BACKUP_IDENTITY_FILE", "")  # only where restores run
BACKUP_FULL_HOURS = env_int("BACKUP_FULL_HOURS", default=24, minimum=1)
BACKUP_INCREMENT_MINUTES = env_int("BACKUP_INCREMENT_MINUTES", default=5, minimum=1)
BACKUP_RETENTION_DAYS = env_int("BACKUP_RETENTION_DAYS", default=30, minimum=1)

# --- Language and time ------------------------------------------------------------------------

LANGUAGE_CODE = "pt-br"
LANGUAGES = [("pt-br", "Português (Brasil)"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# --- Logs, metrics ----------------------------------------------------------------------------

LOGGING_CONFIG = None
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = logging_config(
    level=env_choice("LOG_LEVEL", LOG_LEVELS, "INFO"), as_json=env_bool("LOG_JSON", default=True)
)
PROMETHEUS_EXPORT_MIGRATIONS = False  # would open every shard's connection at start
PROMETHEUS_METRIC_NAMESPACE = "fisioflow"
