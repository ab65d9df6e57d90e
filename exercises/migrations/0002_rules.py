"""Triggers that keep logs append-only, and none older than its prescription.

The database doesn't know the clinic's time zone, so a prescription begins when its first day
begins anywhere on earth.
"""

from django.db import migrations

LOGS = """
CREATE FUNCTION exercises_log_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'exercise logs are append-only' USING
        ERRCODE = 'restrict_violation', CONSTRAINT = 'exercises_exerciselog_append_only';
END $$;
CREATE TRIGGER exercises_exerciselog_append_only
    BEFORE UPDATE OR DELETE ON exercises_exerciselog
    FOR EACH ROW EXECUTE FUNCTION exercises_log_refuse_change();
CREATE TRIGGER exercises_exerciselog_not_emptied
    BEFORE TRUNCATE ON exercises_exerciselog
    FOR EACH STATEMENT EXECUTE FUNCTION exercises_log_refuse_change();

CREATE FUNCTION exercises_log_refuse_early() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.done_at < (
        SELECT (p.start_date::timestamp - interval '14 hours') AT TIME ZONE 'UTC'
          FROM exercises_prescriptionitem i
          JOIN exercises_prescription p ON p.id = i.prescription_id
         WHERE i.id = NEW.item_id
    ) THEN
        RAISE EXCEPTION 'the prescription began later' USING
            ERRCODE = 'check_violation', CONSTRAINT = 'exercises_exerciselog_after_start';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER exercises_exerciselog_after_start
    BEFORE INSERT ON exercises_exerciselog
    FOR EACH ROW EXECUTE FUNCTION exercises_log_refuse_early();
"""
DROP_LOGS = """
DROP TRIGGER exercises_exerciselog_after_start ON exercises_exerciselog;
DROP TRIGGER exercises_exerciselog_not_emptied ON exercises_exerciselog;
DROP TRIGGER exercises_exerciselog_append_only ON exercises_exerciselog;
DROP FUNCTION exercises_log_refuse_early();
DROP FUNCTION exercises_log_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("exercises", "0001_tables")]

    operations = [migrations.RunSQL(sql=LOGS, reverse_sql=DROP_LOGS)]
