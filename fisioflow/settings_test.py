"""The tests' settings: the real ones, with a cheap password hash and no network."""

import os

os.environ.setdefault("SECRET_KEY", "tests-only-" + "x" * 50)
for _name, _value in {
    "DATABASE_URL": "postgresql://fisioflow@/fisioflow?host=/nonexistent",
    "SHARD_1_URL": "postgresql://fisioflow@/fisioflow?host=/nonexistent",
    "SHARD_2_URL": "postgresql://fisioflow@/fisioflow?host=/nonexistent",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}.items():
    os.environ.setdefault(_name, _value)  # for mypy and makemigrations, which connect to nothing
os.environ |= {
    "ALLOWED_HOSTS": ".localhost,localhost",
    "PUBLIC_HOSTS": "localhost",
    "API_HOSTS": "api.localhost",
    "HTTPS": "off",
    "LOG_LEVEL": "ERROR",
    "DOCUMENT_SCANNER": "patients.scanning.DevelopmentScanner",
    "SIGN_IN_ATTEMPTS_PER_MINUTE": "1000",
}

from fisioflow.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
