"""botocore's model of S3, cut down to what this store needs: a client takes 10 MB less.

The process that makes a backup has a bound on its memory. Most of a client's memory holds the
descriptions of a hundred operations, their documentation, and the addresses of all AWS services.
"""

from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.loaders import Loader
from botocore.session import Session

OPERATIONS = frozenset(
    {
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CreateBucket",  # for the tests
        "CreateMultipartUpload",
        "DeleteObject",
        "GetObject",
        "HeadObject",
        "ListMultipartUploads",
        "ListObjectsV2",
        "ListObjectVersions",  # for the tests
        "PutObject",
        "PutObjectLockConfiguration",  # for the tests
        "UploadPart",
    }
)

# botocore's list of addresses. The rules of S3 (endpoint-rule-set) have replaced it, but botocore
# still reads from it how to sign requests, and the default region.
_ENDPOINTS = {
    "version": 3,
    "partitions": [
        {
            "partition": "aws",
            "partitionName": "AWS",
            "dnsSuffix": "amazonaws.com",
            "regionRegex": ".*",
            "regions": {},
            "defaults": {
                "hostname": "{service}.{region}.{dnsSuffix}",
                "protocols": ["https"],
                "signatureVersions": ["v4"],
            },
            "services": {
                "s3": {
                    "partitionEndpoint": "aws-global",
                    "isRegionalized": True,
                    "defaults": {"protocols": ["http", "https"], "signatureVersions": ["s3v4"]},
                    "endpoints": {"aws-global": {"credentialScope": {"region": "us-east-1"}}},
                }
            },
        }
    ],
}


def small_session() -> Session:
    """A session of botocore whose S3 clients know only OPERATIONS."""
    session = botocore.session.get_session()
    session.register_component("data_loader", _SmallLoader())
    return session


class _SmallLoader(Loader):
    def load_data_with_path(self, name: str) -> Any:
        if (
            name == "endpoints"
        ):  # under botocore's own path: from elsewhere they would overrule the rules
            return _ENDPOINTS, self.BUILTIN_DATA_PATH
        return super().load_data_with_path(name)

    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> Any:
        model = super().load_service_model(service_name, type_name, api_version)
        vars(self)["_cache"].clear()  # it would keep the whole model
        return only(model, OPERATIONS) if type_name == "service-2" else model


def only(model: Mapping[str, Any], operations: frozenset[str]) -> dict[str, Any]:
    """The service's model with only these operations, and the shapes that they use."""
    kept = {name: _terse(model["operations"][name]) for name in sorted(operations)}

    shapes: dict[str, Any] = {}
    waiting = [name for operation in kept.values() for name in _shapes_in(operation)]
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = _terse(model["shapes"][name])
            waiting += _shapes_in(shapes[name])

    return {**model, "operations": kept, "shapes": shapes}


def _shapes_in(part: Any) -> list[str]:
    """The shapes that this part of a model refers to."""
    if isinstance(part, list):
        return [name for one in part for name in _shapes_in(one)]
    if not isinstance(part, dict):
        return []
    here = [part["shape"]] if isinstance(part.get("shape"), str) else []
    return here + [name for one in part.values() for name in _shapes_in(one)]


def _terse(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _terse(one) for name, one in part.items() if name != "documentation"}
    return [_terse(one) for one in part] if isinstance(part, list) else part
