"""The cut-down model of S3 sends the same requests to AWS as botocore's own."""

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config

from backups.stores.s3 import s3_client
from backups.stores.s3_model import OPERATIONS

pytestmark = pytest.mark.without_database


class Sent(Exception):
    pass


def sent_by(client: object, bucket: str) -> tuple[str, str]:
    """The method and the address of the request; nothing is sent."""
    found: list[tuple[str, str]] = []

    def stop(request: AWSPreparedRequest, **_: object) -> None:
        found.append((str(request.method), str(request.url)))
        raise Sent

    client.meta.events.register("before-send.s3.HeadObject", stop)  # type: ignore[attr-defined]

    with pytest.raises(Sent):
        client.head_object(Bucket=bucket, Key="a/b")  # type: ignore[attr-defined]

    return found[0]


@pytest.mark.parametrize("region", ["us-east-1", "sa-east-1", "eu-central-1", "cn-north-1"])
@pytest.mark.parametrize("bucket", ["fisioflow-backups", "with.dots"])
def test_requests_go_where_boto3_sends_them(
    region: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    config = Config(request_checksum_calculation="when_required")
    stock = boto3.Session().client("s3", config=config)
    ours = s3_client()

    assert sent_by(ours, bucket) == sent_by(stock, bucket)
    assert ours.meta.region_name == stock.meta.region_name


def test_the_model_knows_what_the_store_uses_and_nothing_else() -> None:
    client = s3_client("http://127.0.0.1:1")
    assert set(client.meta.service_model.operation_names) == OPERATIONS
    for pages in ("list_objects_v2", "list_multipart_uploads"):
        assert client.can_paginate(pages)
