"""A bucket of S3, or of anything that speaks its language, as a store.

Equal parts (some stores require it), two of them in memory, Content-MD5 on each (a bucket with
Object Lock requires it), no checksum trailers (some stores don't know them).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from backups.errors import ObjectMissing
from backups.stores.base import Reader, Store, StoredObject, Upload, checked
from backups.stores.s3_failures import MISSING, failures, refusal_code
from backups.stores.s3_model import small_session
from backups.stores.s3_upload import S3Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def s3_client(
    endpoint: str | None = None, *, attempts: int = 5, read_timeout: float = 60
) -> "S3Client":
    """A client for `endpoint`, or AWS. boto3 finds credentials: docs/reference/settings.md."""
    config = Config(
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"total_max_attempts": attempts, "mode": "standard"},
        connect_timeout=5,
        read_timeout=read_timeout,
    )
    session = boto3.Session(botocore_session=small_session())
    return session.client("s3", endpoint_url=endpoint, config=config)


class S3Store(Store):
    """Keys of `bucket` below `prefix` (empty, or ending with a slash)."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str = "") -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix

    def begin(self, key: str) -> Upload:
        return S3Upload(self._client, self._place(key), key)

    @contextmanager
    def reading(self, key: str) -> Iterator[Reader]:
        with failures(key):
            try:
                body = self._client.get_object(**self._place(key))["Body"]
            except ClientError as error:
                if refusal_code(error) in MISSING:
                    raise ObjectMissing(key) from error
                raise
        try:
            yield _S3Reader(key, body)
        finally:
            body.close()

    def listed(self, prefix: str) -> Iterator[StoredObject]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        with failures(prefix):
            for page in pages:
                for found in page.get("Contents", []):
                    key = found["Key"].removeprefix(self._prefix)
                    yield StoredObject(key, found["Size"], found["LastModified"])

    def size(self, key: str) -> int | None:
        with failures(key):
            try:
                return int(self._client.head_object(**self._place(key))["ContentLength"])
            except ClientError as error:
                if refusal_code(error) in MISSING:
                    return None
                raise

    def delete(self, key: str) -> None:
        # One by one: several stores refuse what boto3 sends for a deletion of many.
        with failures(key):
            self._client.delete_object(**self._place(key))

    def sweep_unfinished(self, before: datetime) -> int:
        swept = 0
        with failures(self._prefix):
            for found in list(self._unfinished()):
                if found["Initiated"] < before:
                    self._client.abort_multipart_upload(
                        Bucket=self._bucket, Key=found["Key"], UploadId=found["UploadId"]
                    )
                    swept += 1
        return swept

    def _unfinished(self) -> Iterator[Any]:
        pages = self._client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        )
        try:
            for page in pages:
                yield from page.get("Uploads", [])
        except ClientError as error:
            if refusal_code(error) != "NoSuchUpload":  # rclone's word for none at all
                raise

    def _place(self, key: str) -> dict[str, Any]:
        return {"Bucket": self._bucket, "Key": self._prefix + checked(key)}


class _S3Reader:
    def __init__(self, key: str, body: Any) -> None:
        self._key, self._body = key, body

    def read(self, size: int, /) -> bytes:
        with failures(self._key):
            data: bytes = self._body.read(size)
            return data
