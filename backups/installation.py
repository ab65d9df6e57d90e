"""The settings of backups: where backups lie, who can read them, and who signs them."""

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.conf import settings

from backups.errors import NotConfigured
from backups.format.catalogue import Catalogue, clinic_in_store, read_catalogue
from backups.format.keys import (
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


class Installation:
    """The store and the keys of this installation, each read once, when it is first needed.

    A command or a task makes one and passes it down. A server that only makes backups has no
    identities; one that only restores has no signing key. Every property raises NotConfigured when
    its setting is missing or malformed.
    """

    def __init__(self, store: Store | None = None) -> None:
        """`store` replaces the one that BACKUP_STORE_URL names."""
        if store is not None:
            self.store = store

    @cached_property
    def store(self) -> Store:
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

    @cached_property
    def recipients(self) -> list[Recipient]:
        """Who can read the backups that are made here."""
        if not settings.BACKUP_RECIPIENTS:
            raise NotConfigured(
                "BACKUP_RECIPIENTS", "is empty: backups are made for somebody's key."
            )

        try:
            return read_recipients(settings.BACKUP_RECIPIENTS)
        except ValueError as error:
            raise NotConfigured("BACKUP_RECIPIENTS", f"holds no age recipient: {error}.") from error

    @cached_property
    def recipient_names(self) -> tuple[str, ...]:
        """The recipients as a manifest names them: `age1...`, sorted."""
        return tuple(sorted({str(recipient) for recipient in self.recipients}))

    @cached_property
    def signing_key(self) -> SigningKey:
        """The key that signs the manifests that are made here."""
        return _read_file("BACKUP_SIGNING_KEY_FILE", read_signing_key)

    @cached_property
    def identities(self) -> list[Identity]:
        """The keys that open backups, where restores run."""
        return _read_file("BACKUP_IDENTITY_FILE", read_identities)

    @cached_property
    def trusted(self) -> frozenset[str]:
        """The public keys whose manifests are believed: the listed ones, and our own."""
        try:
            listed = {read_public(text) for text in settings.BACKUP_TRUSTED_KEYS}
        except ValueError as error:
            raise NotConfigured(
                "BACKUP_TRUSTED_KEYS", "must be Ed25519 public keys, 32 bytes in base64."
            ) from error

        own = {self.signing_key.public} if settings.BACKUP_SIGNING_KEY_FILE else set()
        if not listed | own:
            raise NotConfigured("BACKUP_TRUSTED_KEYS", "is empty: no backup would be believed.")

        return frozenset(listed | own)

    @property
    def retention(self) -> timedelta:
        """How long backups are kept."""
        return timedelta(days=settings.BACKUP_RETENTION_DAYS)

    def catalogue(self, clinic_id: UUID) -> Catalogue:
        """The clinic's backups, as the store has them. Raises BackupError."""
        return read_catalogue(self.store, clinic_id, self.trusted)

    def clinic_in_store(self, named: str) -> UUID:
        """A clinic that the directory doesn't know, by its id or its schema's name in the store.

        Raises NoSuchBackup.
        """
        return clinic_in_store(self.store, named, self.trusted)


def _read_file(setting: str, read: Callable[[Path], T]) -> T:
    path = getattr(settings, setting)
    if not path:
        raise NotConfigured(setting, "is not set.")

    try:
        return read(Path(path))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NotConfigured(setting, f"names a file that can't be used: {reason}.") from error
