"""Triggers that keep what is signed, agreed or uploaded as it is, whoever writes.

Each refusal carries a constraint's name, so that people get that Rule's message
(patients.constraints). Seed rows and restored rows are written before triggers exist.
"""

from django.db import migrations

REFUSE = """
CREATE FUNCTION patients_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'refused by %', TG_ARGV[0]
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME;
END $$;

-- Everything but these columns is as it was.
CREATE FUNCTION patients_same_but(before jsonb, after jsonb, VARIADIC changeable text[])
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT before - changeable = after - changeable
$$;
"""
DROP_REFUSE = """
DROP FUNCTION patients_refuse();
DROP FUNCTION patients_same_but(jsonb, jsonb, text[]);
"""

NOTES = """
-- A signed note takes the pending signature of a supervisor, once, and nothing else.
CREATE TRIGGER patients_clinicalnote_unchanged BEFORE UPDATE ON patients_clinicalnote
    FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL AND NOT (
        OLD.supervisor_id IS NOT NULL AND OLD.cosigned_at IS NULL AND NEW.cosigned_at IS NOT NULL
        AND patients_same_but(to_jsonb(OLD), to_jsonb(NEW), 'supervisor_id', 'supervisor_name',
                              'supervisor_crefito', 'cosigned_at', 'updated_at')))
    EXECUTE FUNCTION patients_refuse('patients_clinicalnote_unchanged');
CREATE TRIGGER patients_clinicalnote_kept BEFORE DELETE ON patients_clinicalnote
    FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL)
    EXECUTE FUNCTION patients_refuse('patients_clinicalnote_kept');
CREATE TRIGGER patients_clinicalnote_not_emptied BEFORE TRUNCATE ON patients_clinicalnote
    EXECUTE FUNCTION patients_refuse('patients_clinicalnote_kept');

-- What it amends is signed, so it can't change between this check and the commit.
CREATE FUNCTION patients_amends_own_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM patients_clinicalnote amended
                WHERE amended.id = NEW.amends_id AND amended.signed_at IS NOT NULL
                  AND (amended.patient_id, amended.author_id, amended.kind)
                      = (NEW.patient_id, NEW.author_id, NEW.kind)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'refused by %', 'patients_clinicalnote_amends_own_signed'
        USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME,
              CONSTRAINT = 'patients_clinicalnote_amends_own_signed';
END $$;
CREATE TRIGGER patients_clinicalnote_amends_own_signed BEFORE INSERT OR UPDATE
    ON patients_clinicalnote FOR EACH ROW WHEN (NEW.amends_id IS NOT NULL)
    EXECUTE FUNCTION patients_amends_own_signed();
"""
DROP_NOTES = """
DROP TRIGGER patients_clinicalnote_unchanged ON patients_clinicalnote;
DROP TRIGGER patients_clinicalnote_kept ON patients_clinicalnote;
DROP TRIGGER patients_clinicalnote_not_emptied ON patients_clinicalnote;
DROP TRIGGER patients_clinicalnote_amends_own_signed ON patients_clinicalnote;
DROP FUNCTION patients_amends_own_signed();
"""

CONSENTS = """
ALTER TABLE patients_consenttext
    ADD CONSTRAINT patients_consenttext_id_and_purpose UNIQUE (id, purpose);
ALTER TABLE patients_consent ADD CONSTRAINT patients_consent_purpose_of_text
    FOREIGN KEY (text_id, purpose) REFERENCES patients_consenttext (id, purpose);

CREATE TRIGGER patients_consenttext_unchanged BEFORE UPDATE ON patients_consenttext
    FOR EACH ROW EXECUTE FUNCTION patients_refuse('patients_consenttext_unchanged');
CREATE TRIGGER patients_consenttext_kept BEFORE DELETE ON patients_consenttext
    FOR EACH ROW EXECUTE FUNCTION patients_refuse('patients_consenttext_kept');

-- A consent is withdrawn, once, and nothing else.
CREATE TRIGGER patients_consent_unchanged BEFORE UPDATE ON patients_consent
    FOR EACH ROW WHEN (OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL
        OR NOT patients_same_but(to_jsonb(OLD), to_jsonb(NEW), 'withdrawn_at', 'updated_at'))
    EXECUTE FUNCTION patients_refuse('patients_consent_unchanged');
CREATE TRIGGER patients_consent_kept BEFORE DELETE ON patients_consent
    FOR EACH ROW EXECUTE FUNCTION patients_refuse('patients_consent_kept');
CREATE TRIGGER patients_consent_not_emptied BEFORE TRUNCATE ON patients_consent
    EXECUTE FUNCTION patients_refuse('patients_consent_kept');
"""
DROP_CONSENTS = """
DROP TRIGGER patients_consent_unchanged ON patients_consent;
DROP TRIGGER patients_consent_kept ON patients_consent;
DROP TRIGGER patients_consent_not_emptied ON patients_consent;
DROP TRIGGER patients_consenttext_unchanged ON patients_consenttext;
DROP TRIGGER patients_consenttext_kept ON patients_consenttext;
ALTER TABLE patients_consent DROP CONSTRAINT patients_consent_purpose_of_text;
ALTER TABLE patients_consenttext DROP CONSTRAINT patients_consenttext_id_and_purpose;
"""

DOCUMENTS = """
-- What the file is, and whose, stays; what is known and decided about it may change.
CREATE TRIGGER patients_document_unchanged BEFORE UPDATE ON patients_document
    FOR EACH ROW WHEN (NOT patients_same_but(to_jsonb(OLD), to_jsonb(NEW), 'kind', 'status',
        'scanned_at', 'scan_report', 'shared_with_patient', 'deleted_at', 'updated_at'))
    EXECUTE FUNCTION patients_refuse('patients_document_unchanged');
CREATE TRIGGER patients_document_infected_stays BEFORE UPDATE ON patients_document
    FOR EACH ROW WHEN (OLD.status = 'infected' AND NEW.status <> 'infected')
    EXECUTE FUNCTION patients_refuse('patients_document_infected_stays');
CREATE TRIGGER patients_document_kept BEFORE DELETE ON patients_document
    FOR EACH ROW EXECUTE FUNCTION patients_refuse('patients_document_kept');
CREATE TRIGGER patients_document_not_emptied BEFORE TRUNCATE ON patients_document
    EXECUTE FUNCTION patients_refuse('patients_document_kept');
"""
DROP_DOCUMENTS = """
DROP TRIGGER patients_document_unchanged ON patients_document;
DROP TRIGGER patients_document_infected_stays ON patients_document;
DROP TRIGGER patients_document_kept ON patients_document;
DROP TRIGGER patients_document_not_emptied ON patients_document;
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_tables")]

    operations = [
        migrations.RunSQL(sql=REFUSE, reverse_sql=DROP_REFUSE),
        migrations.RunSQL(sql=NOTES, reverse_sql=DROP_NOTES),
        migrations.RunSQL(sql=CONSENTS, reverse_sql=DROP_CONSENTS),
        migrations.RunSQL(sql=DOCUMENTS, reverse_sql=DROP_DOCUMENTS),
    ]
