"""Typed readers of the environment. A bad value is ImproperlyConfigured, which names the variable.

Each value may also come from a file: `NAME_FILE=/run/secrets/name` (Docker and Kubernetes secrets).
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}
_SHARD_URL = re.compile(r"^SHARD_(\d+)_URL(?:_FILE)?$")


def env_text(name: str, default: str | None = None) -> str:
    """The variable, or the stripped content of the file that NAME_FILE names.

    Raises ImproperlyConfigured when neither is set and there is no default, when both are set, or
    when the file cannot be read.
    """
    value, path = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value is not None and path is not None:
        raise ImproperlyConfigured(f"Both {name} and {name}_FILE are set: keep one.")

    if path is not None:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}.") from error

    if value is None or (value == "" and default is None):
        if default is None:
            raise ImproperlyConfigured(f"{name} is not set. Set {name} or {name}_FILE.")
        return default
    return value


def env_secret(name: str, *, min_length: int) -> str:
    """A secret of at least `min_length` characters. It has no default."""
    value = env_text(name)
    if len(value) < min_length:
        raise ImproperlyConfigured(
            f"{name} is too short: {min_length} characters or more are needed."
        )
    return value


def env_bool(name: str, *, default: bool) -> bool:
    """1, true, yes, on, or 0, false, no, off. Raises ImproperlyConfigured for anything else."""
    value = env_text(name, "true" if default else "false").lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false.")


def env_int(name: str, *, default: int, minimum: int = 0) -> int:
    """A whole number of `minimum` or more."""
    value = env_text(name, str(default))
    try:
        number = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from error

    if number < minimum:
        raise ImproperlyConfigured(f"{name} must be {minimum} or more.")
    return number


def env_choice(name: str, choices: tuple[str, ...], default: str) -> str:
    """One of `choices` (upper case), in whatever case it is written."""
    value = env_text(name, default).upper()
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}.")
    return value


def env_list(name: str, default: str = "") -> list[str]:
    """Comma-separated values, stripped, empty ones dropped."""
    return [item.strip() for item in env_text(name, default).split(",") if item.strip()]


def env_url(name: str, schemes: tuple[str, ...], default: str | None = None) -> str:
    """A URL with one of `schemes`; its port, if it has one, must be a number."""
    value = env_text(name, default)
    try:
        url = urlsplit(value)
        _ = url.port
    except ValueError:  # not shown: it quotes a part of the URL, which holds a password
        raise ImproperlyConfigured(f"{name} is not a well-formed URL.") from None

    if url.scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must be a URL that starts with {schemes[0]}://.")
    return value


def env_database(name: str) -> dict[str, Any]:
    """Django's connection settings from a libpq URL.

    `postgresql://user:password@host:5432/name?sslmode=require`; a socket folder goes in `?host=`.
    Source of the form: PostgreSQL, "Connection URIs".
    """
    url = urlsplit(env_url(name, ("postgresql", "postgres")))
    options = dict(parse_qsl(url.query))
    host = options.pop("host", url.hostname or "")
    database = unquote(url.path.lstrip("/"))
    port = str(url.port or options.pop("port", ""))

    if not database or not host:
        raise ImproperlyConfigured(f"{name} must name a host and a database.")
    return {
        "NAME": database,
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": host,
        "PORT": port,
        "OPTIONS": dict(options),
    }


def shard_numbers(environ: Mapping[str, str] | None = None) -> list[int]:
    """The N of every SHARD_<N>_URL that is set, ascending."""
    names = (_SHARD_URL.match(name) for name in (os.environ if environ is None else environ))
    return sorted({int(match[1]) for match in names if match})
