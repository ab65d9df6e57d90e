"""The triggers that this app's migrations make: `verify_audit` names any other on its tables.

Whoever adds or changes one in a migration writes it here too.
"""

# As pg_get_triggerdef writes them.
TRIGGERS = """
CREATE TRIGGER patients_clinicalnote_amends_own_signed BEFORE INSERT OR UPDATE
    ON patients_clinicalnote FOR EACH ROW WHEN (new.amends_id IS NOT NULL)
    EXECUTE FUNCTION patients_amends_own_signed();
CREATE TRIGGER patients_clinicalnote_kept BEFORE DELETE ON patients_clinicalnote
    FOR EACH ROW WHEN (old.signed_at IS NOT NULL)
    EXECUTE FUNCTION patients_refuse('patients_clinicalnote_kept');
CREATE TRIGGER patients_clinicalnote_not_emptied BEFORE TRUNCATE ON patients_clinicalnote
    FOR EACH STATEMENT EXECUTE FUNCTION patients_refuse('patients_clinicalnote_kept');
CREATE TRIGGER patients_clinicalnote_unchanged BEFORE UPDATE ON patients_clinicalnote
    FOR EACH ROW WHEN (old.signed_at IS NOT NULL AND NOT (old.supervisor_id IS NOT NULL
    AND old.cosigned_at IS NULL AND new.cosigned_at IS NOT NULL
    AND patients_same_but(to_jsonb(old.*), to_jsonb(new.*), VARIADIC ARRAY['supervisor_id'::text,
    'supervisor_name'::text, 'supervisor_crefito'::text, 'cosigned_at'::text,
    'updated_at'::text])))
    EXECUTE FUNCTION patients_refuse('patients_clinicalnote_unchanged');
CREATE TRIGGER patients_consent_kept BEFORE DELETE ON patients_consent
    FOR EACH ROW EXECUTE FUNCTION patients_refuse('patients_consent_kept');
CREATE TRIGGER patients_consent_not_emptied BEFORE TRUNCATE ON patients_consent
    FOR EACH STATEMENT EXECUTE FUNCTION patients_refuse('patients_consent_kept');
CREATE TRIGGER patients_consent_unchanged BEFORE UPDATE ON patients_consent
    FOR EACH ROW WHEN (old.withdrawn_at IS NOT NULL OR new.withdrawn_at IS NULL
    OR NOT patients_same_but(to_jsonb(old.*), to_jsonb(new.*), VARIADIC
    ARRAY['withdrawn_at'::text, 'updated_at'::text]))
    EXECUTE FUNCTION patients_refuse('patients_consent_unchanged');
CREATE TRIGGER patients_consenttext_kept BEFORE DELETE ON patients_consenttext
    FOR EACH ROW EXECUTE FUNCTION patients_refuse('patients_consenttext_kept');
CREATE TRIGGER patients_consenttext_unchanged BEFORE UPDATE ON patients_consenttext
    FOR EACH ROW EXECUTE FUNCTION patients_refuse('patients_consenttext_unchanged');
CREATE TRIGGER patients_document_infected_stays BEFORE UPDATE ON patients_document
    FOR EACH ROW WHEN (old.status::text = 'infected'::text AND new.status::text <> 'infected'::text)
    EXECUTE FUNCTION patients_refuse('patients_document_infected_stays');
CREATE TRIGGER patients_document_kept BEFORE DELETE ON patients_document
    FOR EACH ROW EXECUTE FUNCTION patients_refuse('patients_document_kept');
CREATE TRIGGER patients_document_not_emptied BEFORE TRUNCATE ON patients_document
    FOR EACH STATEMENT EXECUTE FUNCTION patients_refuse('patients_document_kept');
CREATE TRIGGER patients_document_unchanged BEFORE UPDATE ON patients_document
    FOR EACH ROW WHEN (NOT patients_same_but(to_jsonb(old.*), to_jsonb(new.*), VARIADIC
    ARRAY['kind'::text, 'status'::text, 'scanned_at'::text, 'scan_report'::text,
    'shared_with_patient'::text, 'deleted_at'::text, 'updated_at'::text]))
    EXECUTE FUNCTION patients_refuse('patients_document_unchanged');
"""
# The functions they call, and the SHA-256 of each body.
FUNCTIONS = {
    "patients_amends_own_signed()": (
        "9d299c3012bb69bb111676ea692b588862ba15e82761d1a45a2b9ad1a15040da"
    ),
    "patients_refuse()": ("d49bd77f51c4a2b403e59a4614a7491ff112d69707768d0fffaff0ea30f79de5"),
    "patients_same_but(jsonb,jsonb,text[])": (
        "c042622897cdcd2be9dcfe6532e0ed8a31fde0e126f80cc1eb4e546492b5fbbe"
    ),
}
