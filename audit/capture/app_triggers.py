"""The triggers of the clinical apps' own migrations, which nobody else's may be taken for.

A trigger on a tracked table could change the row, or who acts. So `audit.seals.guards` names
every one that isn't listed here or made by `audit.capture`. Whoever adds or changes one in a
migration writes it here, too: as PostgreSQL tells it (pg_get_triggerdef), with its function.
"""

TRIGGERS_OF_APPS = """
CREATE TRIGGER exercises_exerciselog_after_start BEFORE INSERT ON exercises_exerciselog
    FOR EACH ROW EXECUTE FUNCTION exercises_log_refuse_early();
CREATE TRIGGER exercises_exerciselog_append_only BEFORE DELETE OR UPDATE ON exercises_exerciselog
    FOR EACH ROW EXECUTE FUNCTION exercises_log_refuse_change();
CREATE TRIGGER exercises_exerciselog_not_emptied BEFORE TRUNCATE ON exercises_exerciselog
    FOR EACH STATEMENT EXECUTE FUNCTION exercises_log_refuse_change();
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
CREATE TRIGGER scheduling_room_keeps_seats AFTER UPDATE OF capacity ON scheduling_room
    FOR EACH ROW WHEN (new.capacity < old.capacity)
    EXECUTE FUNCTION scheduling_room_keeps_seats();
CREATE TRIGGER scheduling_seat_in_room
    BEFORE INSERT OR UPDATE OF room_id, seat, start_time, end_time ON scheduling_appointment
    FOR EACH ROW WHEN (new.room_id IS NOT NULL) EXECUTE FUNCTION scheduling_seat_in_room();
"""
# What those call: SHA-256 of a function's body.
FUNCTIONS_OF_APPS = {
    "exercises_log_refuse_change()": (
        "ec650cbea3f74f196824d6aab007c5ba6f0c5d8eed3784adca42170c9f9f69aa"
    ),
    "exercises_log_refuse_early()": (
        "4da1002b2aeb8726e33c3cbb86d63003d2d5d6867dfe62dcd274f4d743da71e2"
    ),
    "patients_amends_own_signed()": (
        "9d299c3012bb69bb111676ea692b588862ba15e82761d1a45a2b9ad1a15040da"
    ),
    "patients_refuse()": "d49bd77f51c4a2b403e59a4614a7491ff112d69707768d0fffaff0ea30f79de5",
    "patients_same_but(jsonb,jsonb,text[])": (
        "c042622897cdcd2be9dcfe6532e0ed8a31fde0e126f80cc1eb4e546492b5fbbe"
    ),
    "scheduling_room_keeps_seats()": (
        "5190f302f52af575732d2b9a9cc32fde69021c175ee2b800ada3a6394c16e055"
    ),
    "scheduling_seat_in_room()": (
        "d23b7b6997aa8374a20068e3c3e98b93983e5141b97facbde75b9396684c61b4"
    ),
}
