"""Settings of drf-spectacular, which writes the OpenAPI document."""

SPECTACULAR_SETTINGS = {
    "TITLE": "FisioFlow",
    "DESCRIPTION": "Clinics, patients and appointments. Errors are RFC 9457 problems.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": ["core.api.schema.name_enums"],
    "ENUM_NAME_OVERRIDES": {
        "RoleEnum": "accounts.models.Role",
        "AppointmentStatusEnum": "scheduling.states.Status",
        "PrescriptionStatusEnum": "exercises.states.PrescriptionStatus",
        "NoteKindEnum": "patients.choices.NoteKind",
        "NoteStatusEnum": "patients.choices.NoteStatus",
        "DocumentKindEnum": "patients.choices.DocumentKind",
        "DocumentStatusEnum": "patients.choices.ScanStatus",
    },
}
