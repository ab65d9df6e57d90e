"""Logs are append-only, and none is older than its prescription.

The functions are in the clinic's own schema and name its tables without a schema: they go where
the schema goes. The zone that decides what a day is isn't known here, so that a prescription begins
when its first day begins anywhere on earth.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("exercises", "0001_library_prescriptions_logs")]

    operations = [
        migrations.RunSQL(
            sql="""
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
""",
            reverse_sql="""
DROP TRIGGER exercises_exerciselog_after_start ON exercises_exerciselog;
DROP TRIGGER exercises_exerciselog_not_emptied ON exercises_exerciselog;
DROP TRIGGER exercises_exerciselog_append_only ON exercises_exerciselog;
DROP FUNCTION exercises_log_refuse_early();
DROP FUNCTION exercises_log_refuse_change();
""",
        ),
    ]
