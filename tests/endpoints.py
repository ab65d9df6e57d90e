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

# On a clinic's host. Elsewhere nothing with an id of norte's is found: back to the index.
CLINIC_ADMIN = """
method    routes                          owner manager elsewhere others
GET       /                               index index   index     index
GET,POST  /admin/                         200   200     200       login
GET       /admin/login/                   index index   index     200
POST      /admin/login/                   200   200     200       200
GET       /admin/logout/                  405   405     405       index
POST      /admin/logout/                  200   200     200       index
GET,POST  /admin/password_change/         200   200     200       login
GET       /admin/password_change/done/    200   200     200       login
POST      /admin/password_change/done/    405   405     405       login
GET,POST  /admin/search/                  200   200     200       login
GET       /admin/autocomplete/            403   403     403       login
POST      /admin/autocomplete/            405   405     405       login
GET       /admin/jsi18n/                  200   200     200       login
POST      /admin/jsi18n/                  405   405     405       login
GET,POST  /admin/r/<content_type_id>/<id>/  404 404     404       login
GET,POST  /admin/<app_label>/             200   200     200       login
GET,POST  /admin/<url>                    404   404     404       login
GET,POST  /admin/{model}/                 200   200     200       login
GET,POST  /admin/{model}/add/             200   200     200       login
GET,POST  /admin/{model}/<id>/change/     200   200     index     login
GET,POST  /admin/{model}/<id>/history/    200   200     index     login
GET,POST  /admin/{model}/<id>/delete/     200   200     index     login
GET,POST  /admin/{model}/<id>/            302   302     302       login
GET,POST  /admin/accounts/user/                 200   200   200   login
GET,POST  /admin/accounts/user/add/             200   200   200   login
GET,POST  /admin/accounts/user/<id>/change/     200   200   index login
GET,POST  /admin/accounts/user/<id>/history/    200   200   index login
GET,POST  /admin/accounts/user/<id>/delete/     403   403   403   login
GET,POST  /admin/accounts/user/<id>/            302   302   302   login
"""

# Rows that are read there, not written.
_READ_ONLY = """GET,POST /admin/{record}/         200   200     200       login
GET,POST  /admin/{record}/add/            403   403     403       login
GET       /admin/{record}/<id>/change/    200   200     index     login
POST      /admin/{record}/<id>/change/    403   403     403       login
GET,POST  /admin/{record}/<id>/history/   200   200     index     login
GET,POST  /admin/{record}/<id>/delete/    403   403     403       login
GET,POST  /admin/{record}/<id>/           302   302     302       login
"""
for _record in ("exercises/prescription", "exercises/exerciselog"):
    CLINIC_ADMIN += _READ_ONLY.replace("{record}", _record)

# Records that the admin shows and doesn't change; consents and their texts may be added.
KEPT_ADMIN = """
method    routes                              owner manager elsewhere others
GET,POST  /admin/{model}/                     200   200     200       login
GET,POST  /admin/patients/clinicalnote/add/   403   403     403       login
GET,POST  /admin/patients/document/add/       403   403     403       login
GET,POST  /admin/patients/consent/add/        200   200     200       login
GET,POST  /admin/patients/consenttext/add/    200   200     200       login
GET       /admin/{model}/<id>/change/         200   200     index     login
POST      /admin/{model}/<id>/change/         403   403     403       login
GET,POST  /admin/{model}/<id>/history/        200   200     index     login
GET,POST  /admin/{model}/<id>/delete/         403   403     403       login
GET,POST  /admin/{model}/<id>/                302   302     302       login
"""
KEPT_MODELS = [
    f"patients/{name}" for name in ("clinicalnote", "consent", "consenttext", "document")
]
CLINIC_MODELS = [
    "exercises/exercise",
    "patients/patient",
    "scheduling/appointment",
    "scheduling/closure",
    "scheduling/hoursexception",
    "scheduling/room",
    "scheduling/workinghours",
]

# On the public host. A clinic's owner is a stranger here, with or without their clinic's session.
PLATFORM_ADMIN = """
method    routes                          staff others
GET       /                               index index
GET,POST  /admin/                         200   login
GET       /admin/login/                   index 200
POST      /admin/login/                   200   200
GET       /admin/logout/                  405   index
POST      /admin/logout/                  200   index
GET,POST  /admin/password_change/         200   login
GET       /admin/password_change/done/    200   login
POST      /admin/password_change/done/    405   login
GET,POST  /admin/search/                  200   login
GET       /admin/autocomplete/            403   login
POST      /admin/autocomplete/            405   login
GET       /admin/jsi18n/                  200   login
POST      /admin/jsi18n/                  405   login
GET,POST  /admin/r/<content_type_id>/<id>/  404 login
GET,POST  /admin/<app_label>/             404   login
GET,POST  /admin/<url>                    404   login
GET,POST  /admin/{model}/                 200   login
GET,POST  /admin/{model}/add/             200   login
GET,POST  /admin/{model}/<id>/change/     index login
GET,POST  /admin/{model}/<id>/history/    index login
GET,POST  /admin/{model}/<id>/delete/     index login
GET,POST  /admin/{model}/<id>/            302   login
GET,POST  /admin/tenants/clinic/                200   login
GET,POST  /admin/tenants/clinic/add/            200   login
GET,POST  /admin/tenants/clinic/<id>/change/    index login
GET,POST  /admin/tenants/clinic/<id>/history/   index login
GET,POST  /admin/tenants/clinic/<id>/delete/    403   login
GET,POST  /admin/tenants/clinic/<id>/           302   login
GET,POST  /admin/tenants/clinic/<id>/close/     403   login
GET,POST  /admin/tenants/clinic/<id>/reopen/    403   login
GET,POST  /admin/tenants/domain/                200   login
GET,POST  /admin/tenants/domain/add/            200   login
GET       /admin/tenants/domain/<id>/change/    index login
POST      /admin/tenants/domain/<id>/change/    403   login
GET,POST  /admin/tenants/domain/<id>/history/   index login
GET,POST  /admin/tenants/domain/<id>/delete/    index login
GET,POST  /admin/tenants/domain/<id>/           302   login
GET,POST  /admin/backups/clinicbackups/         200   login
GET,POST  /admin/backups/clinicbackups/add/     403   login
GET       /admin/backups/clinicbackups/<id>/change/ index login
POST      /admin/backups/clinicbackups/<id>/change/ 403   login
GET,POST  /admin/backups/clinicbackups/<id>/history/ index login
GET,POST  /admin/backups/clinicbackups/<id>/delete/ 403   login
GET,POST  /admin/backups/clinicbackups/<id>/    302   login
GET,POST  /admin/backups/run/                   200   login
GET,POST  /admin/backups/run/add/               403   login
GET       /admin/backups/run/<id>/change/       index login
POST      /admin/backups/run/<id>/change/       403   login
GET,POST  /admin/backups/run/<id>/history/      index login
GET,POST  /admin/backups/run/<id>/delete/       403   login
GET,POST  /admin/backups/run/<id>/              302   login
GET,POST  /admin/tenants/shard/                 200   login
GET,POST  /admin/tenants/shard/add/             403   login
GET,POST  /admin/tenants/shard/<id>/change/     index login
GET,POST  /admin/tenants/shard/<id>/history/    index login
GET,POST  /admin/tenants/shard/<id>/delete/     403   login
GET,POST  /admin/tenants/shard/<id>/            302   login
GET,POST  /admin/accounts/user/                 200   login
GET,POST  /admin/accounts/user/add/             200   login
GET,POST  /admin/accounts/user/<id>/change/     index login
GET,POST  /admin/accounts/user/<id>/history/    index login
GET,POST  /admin/accounts/user/<id>/delete/     403   login
GET,POST  /admin/accounts/user/<id>/            302   login
"""
PLATFORM_MODELS = [
    "django_celery_beat/periodictask",
    "django_celery_beat/intervalschedule",
    "django_celery_beat/crontabschedule",
    "django_celery_beat/clockedschedule",
]


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
