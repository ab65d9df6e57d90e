"""The endpoint table: who gets which answer. `test_endpoints.py` runs every row.

A row is one or more methods, a route of the URL conf, and the status for each asker:

- owner, manager, therapist, reception, patient, auditor: norte's people, on norte's host;
- nobody: no token, no session, on norte's host;
- outsider: the owner of sul, with what sul gave them, on norte's host;
- elsewhere: the owner of sul on sul's host, asking for what is norte's (its ids, its tokens).

In an admin's table `others` are all the rest. `login` and `index` are redirects to the admin's
sign-in and to its first page.
"""

import re
from dataclasses import dataclass

from tests.endpoints_admin import (
    CLINIC_ADMIN as CLINIC_ADMIN,
)
from tests.endpoints_admin import (
    CLINIC_MODELS as CLINIC_MODELS,
)
from tests.endpoints_admin import (
    KEPT_ADMIN as KEPT_ADMIN,
)
from tests.endpoints_admin import (
    KEPT_MODELS as KEPT_MODELS,
)
from tests.endpoints_admin import (
    PLATFORM_ADMIN as PLATFORM_ADMIN,
)
from tests.endpoints_admin import (
    PLATFORM_MODELS as PLATFORM_MODELS,
)

# Below /api/v1/, on a clinic's own host and on the shared host alike.
API = """
method routes            owner manager therapist reception patient auditor nobody outsider elsewhere
POST   auth/token          200   200     200       200       200     200     401    401      401
POST   auth/refresh        200   200     200       200       200     200     401    401      401
POST   auth/revoke         204   204     204       204       204     204     401    401      401
GET    me                  200   200     200       200       200     200     401    401      200
GET    patients            200   200     200       200       200     403     401    401      200
POST   patients            201   201     403       201       403     403     401    401      400
GET    patients/<id>       200   200     200       200       200     403     401    401      404
PATCH  patients/<id>       200   200     200       200       403     403     401    401      404
DELETE patients/<id>       204   204     403       403       403     403     401    401      404
GET    patients/<id>/access-log 200 403 403       403       200     200     401    401      404
POST   patients/<id>/prints 204 204    204       204       204     403     401    401      404
POST   patients/validate   200   200     403       200       403     403     401    401      200
POST   patients/batch      201   201     403       201       403     403     401    401      400
POST   appointments/validate 200 200     200       200       403     403     401    401      200
GET    appointments        200   200     200       200       200     403     401    401      200
POST   appointments        201   201     201       201       403     403     401    401      400
GET    appointments/<id>   200   200     200       200       200     403     401    401      404
PATCH  appointments/<id>   200   200     200       200       403     403     401    401      404
DELETE appointments/<id>   204   204     403       403       403     403     401    401      404
GET    patients/<id>/adherence 200 200  200       403       200     403     401    401      404
GET    exercises           200   200     200       403       403     403     401    401      200
POST   exercises           201   201     201       403       403     403     401    401      400
GET    exercises/<id>      200   200     200       403       403     403     401    401      404
PATCH  exercises/<id>      200   200     200       403       403     403     401    401      404
DELETE exercises/<id>      204   204     204       403       403     403     401    401      404
GET    prescriptions       200   200     200       403       200     403     401    401      200
POST   prescriptions       403   403     201       403       403     403     401    401      403
GET    prescriptions/<id>  200   200     200       403       200     403     401    401      404
PATCH  prescriptions/<id>  403   403     200       403       403     403     401    401      403
POST   prescriptions/<id>/versions 403 403 201     403       403     403     401    401      403
GET    exercise-logs       200   200     200       403       200     403     401    401      200
POST   exercise-logs       403   403     403       403       201     403     401    401      403
POST   exercise-logs/batch 403   403     403       403       200     403     401    401      403
GET    exercise-logs/<id>  200   200     200       403       200     403     401    401      404
GET    notes               200   200     200       403       403     403     401    401      200
POST   notes               201   201     201       403       403     403     401    401      400
GET    notes/<id>          200   200     200       403       403     403     401    401      404
PATCH  notes/<id>          404   404     200       403       403     403     401    401      404
DELETE notes/<id>          404   404     204       403       403     403     401    401      404
POST   notes/<id>/sign     404   404     200       403       403     403     401    401      404
POST   notes/<id>/cosign   403   403     200       403       403     403     401    401      404
POST   notes/<id>/amend    403   403     201       403       403     403     401    401      404
GET    consent-texts       200   200     200       200       200     403     401    401      200
POST   consent-texts       201   201     403       403       403     403     401    401      201
GET    consent-texts/<id>  200   200     200       200       200     403     401    401      404
GET    consents            200   200     200       200       200     403     401    401      200
POST   consents            201   201     201       201       201     403     401    401      400
GET    consents/<id>       200   200     200       200       200     403     401    401      404
POST   consents/<id>/withdraw 200 200    200       200       200     403     401    401      404
GET    documents           200   200     200       403       200     403     401    401      200
POST   documents           201   201     201       403       403     403     401    401      400
GET    documents/<id>      200   200     200       403       200     403     401    401      404
PATCH  documents/<id>      200   200     200       403       403     403     401    401      404
DELETE documents/<id>      204   204     403       403       403     403     401    401      404
GET    documents/<id>/link 200   200     200       403       200     403     401    401      404
GET    documents/<id>/content 200 200    200       403       200     403     403    403      403
GET    rooms               200   200     200       200       403     403     401    401      200
POST   rooms               201   201     403       201       403     403     401    401      201
GET    rooms/<id>          200   200     200       200       403     403     401    401      404
PATCH  rooms/<id>          200   200     403       200       403     403     401    401      404
DELETE rooms/<id>          204   204     403       204       403     403     401    401      404
GET    working-hours       200   200     200       200       403     403     401    401      200
POST   working-hours       201   201     403       201       403     403     401    401      400
GET    working-hours/<id>  200   200     200       200       403     403     401    401      404
PATCH  working-hours/<id>  200   200     403       200       403     403     401    401      404
DELETE working-hours/<id>  204   204     403       204       403     403     401    401      404
GET    working-hours/exceptions  200 200 200       200       403     403     401    401      200
POST   working-hours/exceptions  201 201 201       201       403     403     401    401      400
GET    working-hours/exceptions/<id> 200 200 200   200       403     403     401    401      404
PATCH  working-hours/exceptions/<id> 200 200 200   200       403     403     401    401      404
DELETE working-hours/exceptions/<id> 204 204 204   204       403     403     401    401      404
GET    closures            200   200     200       200       403     403     401    401      200
POST   closures            201   201     403       201       403     403     401    401      201
GET    closures/<id>       200   200     200       200       403     403     401    401      404
PATCH  closures/<id>       200   200     403       200       403     403     401    401      404
DELETE closures/<id>       204   204     403       204       403     403     401    401      404
GET    slots               200   200     200       200       200     403     401    401      400
GET    series              200   200     200       200       403     403     401    401      200
POST   series              201   201     201       201       403     403     401    401      400
POST   series/preview      200   200     200       200       403     403     401    401      400
GET    series/<id>         200   200     200       200       403     403     401    401      404
PATCH  series/<id>         200   200     200       200       403     403     401    401      404
GET    audit               200   403     403       403       403     200     401    401      200
GET    audit/export        200   403     403       403       403     200     401    401      200
GET    schema              200   200     200       200       200     200     200    200      200
GET    docs                200   200     200       200       200     200     200    200      200
"""

# The only views of the API that ask for no token, each with the reason.
OPEN = {
    "auth/token": "the way in",
    "auth/refresh": "takes the refresh token itself",
    "auth/revoke": "takes the refresh token itself",
    "documents/<id>/content": "the link's token is the permission",
    "schema": "says what every client knows",
    "docs": "shows the schema",
}


@dataclass(frozen=True)
class Row:
    """One method of one route, and what each asker gets."""

    method: str
    route: str
    expected: dict[str, str]


def rows(table: str, models: list[str] | None = None) -> list[Row]:
    """The rows of a table; those with `{model}` once for each model."""
    (_, _, *askers), *lines = [line.split() for line in table.strip().splitlines()]
    made = []

    for methods, route, *expected in lines:
        names = (models or []) if "{model}" in route else [""]
        answers = dict(zip(askers, expected, strict=True))

        made += [
            Row(method, route.replace("{model}", name), answers)
            for name in names
            for method in methods.split(",")
        ]

    return made


def plain(route: str) -> str:
    """A route of the URL conf as the table writes it: `patients/<uuid:pk>` is `patients/<id>`."""
    named = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route).replace("^", "").replace("$", "")
    return (
        re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", named)
        .replace("<pk>", "<id>")
        .replace("<object_id>", "<id>")
    )
