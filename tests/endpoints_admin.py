"""The tables of the admins' pages (tests/endpoints.py says how they are read)."""

# On a clinic's host. Elsewhere nothing with an id of norte's is found: back to the index.
CLINIC_ADMIN = """
method    routes                                           owner manager auditor elsewhere others
GET       /                                                index index   index   index     index
GET,POST  /admin/                                          200   200     302     200       login
GET       /admin/login/                                    index index   index   index     200
POST      /admin/login/                                    200   200     200     200       200
GET       /admin/logout/                                   405   405     405     405       index
POST      /admin/logout/                                   200   200     200     200       index
GET,POST  /admin/password_change/                          200   200     200     200       login
GET       /admin/password_change/done/                     200   200     200     200       login
POST      /admin/password_change/done/                     405   405     405     405       login
GET,POST  /admin/search/                                   200   200     200     200       login
GET       /admin/autocomplete/                             403   403     403     403       login
POST      /admin/autocomplete/                             405   405     405     405       login
GET       /admin/jsi18n/                                   200   200     200     200       login
POST      /admin/jsi18n/                                   405   405     405     405       login
GET,POST  /admin/r/<content_type_id>/<id>/                 404   404     404     404       login
GET,POST  /admin/<app_label>/                              200   200     404     200       login
GET,POST  /admin/audit/event/                              200   403     200     200       login
GET       /admin/audit/event/export/                       405   405     405     405       login
POST      /admin/audit/event/export/                       200   403     200     200       login
GET,POST  /admin/audit/event/<place>/                      200   403     200     404       login
GET,POST  /admin/<url>                                     404   404     404     404       login
GET,POST  /admin/{model}/                                  200   200     403     200       login
GET,POST  /admin/{model}/add/                              200   200     403     200       login
GET,POST  /admin/{model}/<id>/change/                      200   200     403     index     login
GET,POST  /admin/{model}/<id>/history/                     200   200     403     index     login
GET       /admin/{model}/<id>/history/<version_id>/        200   200     403     index     login
POST      /admin/{model}/<id>/history/<version_id>/        200   200     403     index     login
GET,POST  /admin/{model}/<id>/delete/                      200   200     403     index     login
GET,POST  /admin/{model}/<id>/                             302   302     302     302       login
GET,POST  /admin/accounts/user/                            200   200     403     200       login
GET,POST  /admin/accounts/user/add/                        200   200     403     200       login
GET,POST  /admin/accounts/user/<id>/change/                200   200     403     index     login
GET,POST  /admin/accounts/user/<id>/history/               200   200     403     index     login
GET       /admin/accounts/user/<id>/history/<version_id>/  200   200     403     index     login
POST      /admin/accounts/user/<id>/history/<version_id>/  200   200     403     index     login
GET,POST  /admin/accounts/user/<id>/delete/                403   403     403     403       login
GET,POST  /admin/accounts/user/<id>/                       302   302     302     302       login
"""

# Rows that are read there, not written.
_READ_ONLY = """\
GET,POST  /admin/{record}/                                 200   200     403     200       login
GET,POST  /admin/{record}/add/                             403   403     403     403       login
GET       /admin/{record}/<id>/change/                     200   200     403     index     login
POST      /admin/{record}/<id>/change/                     403   403     403     403       login
GET,POST  /admin/{record}/<id>/history/                    200   200     403     index     login
GET       /admin/{record}/<id>/history/<version_id>/       200   200     403     index     login
POST      /admin/{record}/<id>/history/<version_id>/       403   403     403     index     login
GET,POST  /admin/{record}/<id>/delete/                     403   403     403     403       login
GET,POST  /admin/{record}/<id>/                            302   302     302     302       login
"""
for _record in ("exercises/prescription", "exercises/exerciselog"):
    CLINIC_ADMIN += _READ_ONLY.replace("{record}", _record)

# Records that the admin shows and doesn't change; consents and their texts may be added.
KEPT_ADMIN = """
method    routes                                           owner manager auditor elsewhere others
GET,POST  /admin/{model}/                                  200   200     403     200       login
GET,POST  /admin/patients/clinicalnote/add/                403   403     403     403       login
GET,POST  /admin/patients/document/add/                    403   403     403     403       login
GET,POST  /admin/patients/consent/add/                     200   200     403     200       login
GET,POST  /admin/patients/consenttext/add/                 200   200     403     200       login
GET       /admin/{model}/<id>/change/                      200   200     403     index     login
POST      /admin/{model}/<id>/change/                      403   403     403     403       login
GET,POST  /admin/{model}/<id>/history/                     200   200     403     index     login
GET       /admin/{model}/<id>/history/<version_id>/        200   200     403     index     login
POST      /admin/{model}/<id>/history/<version_id>/        403   403     403     index     login
GET,POST  /admin/{model}/<id>/delete/                      403   403     403     403       login
GET,POST  /admin/{model}/<id>/                             302   302     302     302       login
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
GET,POST  /admin/accounts/user/<id>/history/<version_id>/ index login
GET,POST  /admin/accounts/user/<id>/delete/     403   login
GET,POST  /admin/accounts/user/<id>/            302   login
"""
PLATFORM_MODELS = [
    "django_celery_beat/periodictask",
    "django_celery_beat/intervalschedule",
    "django_celery_beat/crontabschedule",
    "django_celery_beat/clockedschedule",
]
