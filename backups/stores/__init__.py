"""Stores of backups: objects under keys, whole or absent, never overwritten.

A store knows bytes and keys, nothing of what is in them. Every failure is a StoreError. Buckets
are in backups.stores.s3, which brings boto3: 9 MB that a process with a folder doesn't need.
"""

from backups.stores.base import Reader, Store, StoredObject, Writer
from backups.stores.folder import FolderStore

__all__ = ["FolderStore", "Reader", "Store", "StoredObject", "Writer"]
