"""The settings of backups, read in one place. Every function raises NotConfigured."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from django.conf import settings

from backups.errors import NotConfigured
from backups.keys import (
    Identity,
    Recipient,
    SigningKey,
    read_identities,
    read_public,
    read_recipients,
    read_signing_key,
)
from backups.stores import FolderStore, Store

T = TypeVar("T")


def configured_store() -> Store:
    """The store that BACKUP_STORE_URL names."""
    url = urlsplit(settings.BACKUP_STORE_URL)
    path = unquote(url.path)
    if url.scheme == "file" and url.netloc in {"", "localhost"} and path.strip("/"):
        return FolderStore(Path(path))
    if url.scheme == "s3" and url.netloc:
        from backups.stores.s3 import S3Store, s3_client

        prefix = path.strip("/")
        client = s3_client(settings.BACKUP_STORE_ENDPOINT_URL or None)
        return S3Store(client, url.netloc, f"{prefix}/" if prefix else "")
    raise NotConfigured("BACKUP_STORE_URL", "must be file:///folder or s3://bucket/prefix.")


def recipients() -> list[Recipient]:
    """Who can read the backups that are made here."""
    if not settings.BACKUP_RECIPIENTS:
        raise NotConfigured("BACKUP_RECIPIENTS", "is empty: backups are made for somebody's key.")
    try:
        return read_recipients(settings.BACKUP_RECIPIENTS)
    except ValueError as error:
        raise NotConfigured("BACKUP_RECIPIENTS", f"holds no age recipient: {error}.") from error


def recipients_named() -> tuple[str, ...]:
    """The same, as a manifest names them."""
    return tuple(sorted({str(recipient) for recipient in recipients()}))


def signing_key() -> SigningKey:
    """The key that signs the manifests that are made here."""
    return _read_file("BACKUP_SIGNING_KEY_FILE", read_signing_key)


def identities() -> list[Identity]:
    """The keys that open backups, where restores run."""
    return _read_file("BACKUP_IDENTITY_FILE", read_identities)


def trusted_keys() -> frozenset[str]:
    """Public keys whose manifests are believed: the listed ones, and that of our own key."""
    try:
        listed = {read_public(text) for text in settings.BACKUP_TRUSTED_KEYS}
    except ValueError as error:
        raise NotConfigured(
            "BACKUP_TRUSTED_KEYS", "must be Ed25519 public keys, 32 bytes in base64."
        ) from error
    own = {signing_key().public} if settings.BACKUP_SIGNING_KEY_FILE else set()
    if not listed | own:
        raise NotConfigured("BACKUP_TRUSTED_KEYS", "is empty: no backup would be believed.")
    return frozenset(listed | own)


def retention() -> timedelta:
    """How long backups are kept."""
    return timedelta(days=settings.BACKUP_RETENTION_DAYS)


def _read_file(setting: str, read: Callable[[Path], T]) -> T:
    path = getattr(settings, setting)
    if not path:
        raise NotConfigured(setting, "is not set.")
    try:
        return read(Path(path))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NotConfigured(setting, f"names a file that can't be used: {reason}.") from error
