"""Requests made out of our OpenAPI document, right and wrong: no 5xx, no undocumented answer."""

from typing import Any

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS, load_all_checks

from fisioflow.wsgi import application

load_all_checks()
# CPF check digits, existing patients and free hours can't be told in a schema.
EXCLUDED = CHECKS.get_by_names(["positive_data_acceptance"])

document = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
for _path in document["paths"].values():
    for _operation in _path.values():
        # Every request below carries the token, so none may be made to leave it out.
        _operation.pop("security", None)

schema = schemathesis.openapi.from_dict(document)
schema.app = application


@pytest.fixture
def credentials(api: Any, fresh_clinic: Any) -> dict[str, str]:
    client = api(fresh_clinic.people.manager)
    token = client._credentials["HTTP_AUTHORIZATION"]
    return {"Authorization": token, "Host": fresh_clinic.host}


@schema.parametrize()
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_documented(case: Any, credentials: Any) -> None:
    case.call_and_validate(headers=credentials, excluded_checks=EXCLUDED)
