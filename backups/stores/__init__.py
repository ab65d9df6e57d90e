"""Stores of backups: objects under keys, whole or absent, never overwritten.

A store knows keys and bytes, not what they mean; `layout` makes the keys. Every failure is a
StoreError. Buckets are in backups.stores.s3, which loads boto3: 9 MB that a folder doesn't need.
"""

from backups.stores.base import Reader, Store, StoredObject, Writer
from backups.stores.folder import FolderStore

__all__ = ["FolderStore", "Reader", "Store", "StoredObject", "Writer"]
