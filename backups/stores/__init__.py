"""Stores of backups: objects under keys, whole or absent, never overwritten.

A store knows bytes and keys, nothing of what is in them. Every failure is a StoreError.
"""

from backups.stores.base import Reader, Store, StoredObject, Writer
from backups.stores.folder import FolderStore
from backups.stores.s3 import S3Store, s3_client

__all__ = ["FolderStore", "Reader", "S3Store", "Store", "StoredObject", "Writer", "s3_client"]
