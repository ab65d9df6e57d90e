"""The errors of an S3 client, turned into the store's one error, which says what to do next."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from urllib3.exceptions import HTTPError

from backups.errors import StoreError

MISSING = {"404", "NoSuchKey", "NotFound"}
_NEXT_STEPS = {
    "404": "Create the bucket, or correct BACKUP_STORE_URL.",
    "NoSuchBucket": "Create the bucket, or correct BACKUP_STORE_URL.",
    "AccessDenied": "Give these credentials the right to list, read and write the bucket.",
    "403": "Give these credentials the right to list, read and write the bucket.",
    "InvalidAccessKeyId": "Correct AWS_ACCESS_KEY_ID.",
    "SignatureDoesNotMatch": "Correct AWS_SECRET_ACCESS_KEY.",
    "ConditionalRequestConflict": "Another run writes this object right now: try again later.",
}


def refusal_code(error: ClientError) -> str:
    """The error code of S3, for example NoSuchKey."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


@contextmanager
def failures(key: str) -> Iterator[None]:
    """Turn the client's errors into the store's."""
    try:
        yield
    except ClientError as error:
        code = refusal_code(error)
        do = _NEXT_STEPS.get(code, "Look at the store's own log, then try again.")
        raise StoreError(key, f"The store refused: {code}.", do) from error
    except (BotoCoreError, HTTPClientError, HTTPError, OSError) as error:
        what = f"The store can't be reached: {type(error).__name__}."
        do = "Check its address, its credentials and the network, then try again."
        raise StoreError(key, what, do) from error
