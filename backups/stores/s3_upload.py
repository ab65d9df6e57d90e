"""Uploading one object to a bucket, in a single request or in equal parts.

While one part is sent, the next one fills, so the slower of the two sets the pace.
"""

import hashlib
import logging
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from mmap import mmap
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from backups.errors import ObjectExists, StoreError
from backups.stores.s3_failures import MISSING, failures, refusal_code
from core.ids import uuid7

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART = 5 * 1024 * 1024  # bytes: the least that S3 allows, since two of them are in memory
_MOST_PARTS = 10_000  # S3's limit
_LOST = {"PreconditionFailed", "412", "NoSuchUpload"}
_log = logging.getLogger(__name__)


class S3Upload:
    """See backups.stores.base.Upload. `place` is the bucket and the key in it."""

    def __init__(self, client: "S3Client", place: dict[str, Any], key: str) -> None:
        self._client, self._place, self._key = client, place, key
        if self._head() is not None:  # refuses most, where the endpoint knows no conditions
            raise ObjectExists(key)

        self._token = str(uuid7())  # in the object's metadata: shows who wrote it
        self._buffer = _part()
        self._upload_id: str | None = None
        self._parts: list[CompletedPartTypeDef] = []
        self._sending: Future[CompletedPartTypeDef] | None = None
        self._sender = ThreadPoolExecutor(1, "backup-part")

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        while rest:
            taken = self._buffer.write(rest[: PART - self._buffer.tell()])
            rest = rest[taken:]
            if self._buffer.tell() == PART:
                self._send_buffer()
        return len(data)

    def commit(self) -> None:
        if self._upload_id is None:
            self._finish(
                lambda **condition: self._client.put_object(
                    **self._place,
                    **_body(self._buffer),
                    Metadata={"writer": self._token},
                    **condition,
                )
            )
        else:
            if self._buffer.tell():
                self._send_buffer()
            self._await_part()

            upload = {**self._place, "UploadId": self._upload_id}
            self._finish(
                lambda **condition: self._client.complete_multipart_upload(
                    **upload, MultipartUpload={"Parts": self._parts}, **condition
                )
            )

        self._sender.shutdown()

    def abandon(self) -> None:
        self._sender.shutdown(cancel_futures=True)
        if self._upload_id is None:
            return

        try:
            with failures(self._key):
                self._client.abort_multipart_upload(**self._place, UploadId=self._upload_id)
        except StoreError:
            _log.warning("backup_upload_left_behind", extra={"key": self._key})

    def _send_buffer(self) -> None:
        self._await_part()
        if len(self._parts) == _MOST_PARTS:
            what = f"The object is larger than {_MOST_PARTS * PART // 2**30} GiB."
            raise StoreError(self._key, what, "Back up into a folder.")

        if self._upload_id is None:
            with failures(self._key):
                begun = self._client.create_multipart_upload(
                    **self._place, Metadata={"writer": self._token}
                )
            self._upload_id = begun["UploadId"]

        part, self._buffer = self._buffer, _part()
        number = len(self._parts) + 1
        self._sending = self._sender.submit(self._send, number, part, self._upload_id)

    def _send(self, number: int, part: mmap, upload_id: str) -> "CompletedPartTypeDef":
        answer = self._client.upload_part(
            **self._place,
            UploadId=upload_id,
            PartNumber=number,
            **_body(part),
        )
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def _await_part(self) -> None:
        if self._sending is not None:
            sending, self._sending = self._sending, None
            with failures(self._key):
                self._parts.append(sending.result())

    def _finish(self, send: Callable[..., Any]) -> None:
        """Make the object visible unless there is one.

        When an answer is lost, the client asks again and learns that the object exists: its token
        says whether it is ours.
        """
        with failures(self._key):
            try:
                send(IfNoneMatch="*")
            except ClientError as error:
                code = refusal_code(error)
                if code == "NotImplemented":  # the endpoint knows no conditions
                    send()
                elif code not in _LOST or not self._is_there(error):
                    raise

    def _is_there(self, error: ClientError) -> bool:
        """Whether the object is there, written by us. Raises ObjectExists when another wrote it."""
        found = self._head()
        if found is not None and found["Metadata"].get("writer") != self._token:
            raise ObjectExists(self._key) from error
        return found is not None

    def _head(self) -> Any:
        """The store's answer about the object; None when there is none."""
        with failures(self._key):
            try:
                return self._client.head_object(**self._place)
            except ClientError as error:
                if refusal_code(error) in MISSING:
                    return None
                raise


def _part() -> mmap:
    """Memory for a part, filled from its beginning and sent without a copy.

    It isn't on the heap, where it would grow by copying, and leave holes.
    """
    return mmap(-1, PART)


def _body(part: mmap) -> dict[str, Any]:
    """The part's bytes, and their MD5, by which the store checks them."""
    filled = part.tell()
    if filled < PART:
        part.resize(max(filled, 1))  # an mmap can't be empty
    part.seek(0)
    digest = hashlib.md5(part if filled else b"", usedforsecurity=False).digest()
    return {"Body": part if filled else b"", "ContentMD5": b64encode(digest).decode()}
