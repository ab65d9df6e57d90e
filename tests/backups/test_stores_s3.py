"""A bucket on bad days: lost answers, refusals, silence, a killed server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from backups.errors import StoreError
from backups.stores.s3 import S3Store, s3_client
from tests.backups.conftest import Rclone, bucket, content_of, keys_of
from tests.backups.faults import Fault, FaultyProxy, faulty_proxy

pytestmark = pytest.mark.without_database
PART = 8 * 1024 * 1024
LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def bad_day(moto: str) -> Iterator[tuple[FaultyProxy, S3Store]]:
    """A bucket behind the proxy. Its client tries twice, and waits two seconds for an answer."""
    with faulty_proxy(moto) as (proxy, address):
        yield proxy, bucket(address, read_timeout=2)


def write(store: S3Store, size: int) -> None:
    with store.writing("data") as writer:
        for _ in range(size // PART):
            writer.write(b"p" * PART)
        writer.write(b"q" * (size % PART))


@pytest.mark.parametrize(
    ("size", "method", "query"),
    [
        (10, "PUT", ""),
        (2 * PART + 5, "POST", "uploads"),
        (2 * PART + 5, "PUT", "partNumber=2"),
        (2 * PART + 5, "POST", "uploadId="),
    ],
    ids=["single request", "begin", "part", "complete"],
)
@pytest.mark.parametrize("fault", ["refuse", "lose the answer"])
def test_one_fault_is_survived(
    bad_day: tuple[FaultyProxy, S3Store], fault: Fault, size: int, method: str, query: str
) -> None:
    """An object whose answer was lost isn't taken for another writer's."""
    proxy, store = bad_day
    proxy.fail(fault, method, query)
    write(store, size)
    assert store.size("data") == size


@pytest.mark.parametrize(
    ("method", "query"),
    [("POST", "uploads"), ("PUT", "partNumber=2"), ("POST", "uploadId=")],
)
@pytest.mark.parametrize("fault", ["refuse", "never answer"])
def test_a_store_that_keeps_failing_is_reported_and_keeps_nothing(
    bad_day: tuple[FaultyProxy, S3Store], fault: Fault, method: str, query: str
) -> None:
    proxy, store = bad_day
    proxy.fail(fault, method, query, times=2)

    with pytest.raises(StoreError, match=r"The store .*[.] .*try again[.] \(key=data\)"):
        write(store, 3 * PART)
    assert keys_of(store) == []
    assert store.sweep_unfinished(LATER) == 0


def test_leftovers_that_couldnt_be_removed_are_swept_later(
    bad_day: tuple[FaultyProxy, S3Store],
) -> None:
    proxy, store = bad_day
    proxy.fail("refuse", "PUT", "partNumber=1", times=2)
    proxy.fail("refuse", "DELETE", "uploadId", times=2)

    with pytest.raises(StoreError):
        write(store, 2 * PART)
    assert store.sweep_unfinished(datetime(2010, 1, 1, tzinfo=UTC)) == 0  # moto's are all of 2010
    assert store.sweep_unfinished(LATER) == 1
    assert store.sweep_unfinished(LATER) == 0


@pytest.mark.parametrize("fault", ["cut the answer", "never answer", "refuse"])
def test_a_read_that_breaks_off_is_an_error_not_an_end(
    bad_day: tuple[FaultyProxy, S3Store], fault: Fault
) -> None:
    proxy, store = bad_day
    write(store, PART // 2)
    proxy.fail(fault, "GET", times=2)
    with pytest.raises(StoreError):
        content_of(store, "data")


def test_a_missing_bucket_and_a_missing_server_are_told_apart(moto: str) -> None:
    nowhere = S3Store(s3_client(moto), "no-such-bucket")
    with pytest.raises(StoreError, match="Create the bucket"):
        nowhere.create("data", b"x")
    with pytest.raises(StoreError, match="Create the bucket"):
        keys_of(nowhere)
    with pytest.raises(StoreError, match="can't be reached"):
        S3Store(s3_client("http://127.0.0.1:1", attempts=1), "backups").size("data")


def test_a_locked_bucket_takes_objects_and_keeps_their_versions(moto: str) -> None:
    """A deletion hides the object; the version stays until its lock ends."""
    store = bucket(moto, lock=True)
    client, name = store._client, store._bucket
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}
    client.put_object_lock_configuration(
        Bucket=name,
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},  # type: ignore[typeddict-item]
    )
    write(store, 10)
    store.delete("data")

    assert store.size("data") is None

    (version,) = client.list_object_versions(Bucket=name)["Versions"]

    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])


def test_a_server_that_is_killed_halfway_leaves_no_object(rclone: Rclone) -> None:
    store = S3Store(s3_client(rclone.address, attempts=1, read_timeout=5), "backups")

    with pytest.raises(StoreError, match="can't be reached"):
        with store.writing("data") as writer:
            writer.write(b"p" * PART)
            writer.write(b"p" * PART)
            rclone.kill()
            writer.write(b"p" * 2 * PART)

    rclone.start()
    again = S3Store(s3_client(rclone.address), "backups")

    assert keys_of(again) == []

    write(again, 2 * PART + 1)
    assert again.size("data") == 2 * PART + 1
