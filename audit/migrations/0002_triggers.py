"""What the triggers of every tracked table call (audit.capture), and those of the events."""

from django.db import migrations

FUNCTIONS = """
-- Who acts, as the backend said with the transaction. Nobody writes unnamed.
CREATE FUNCTION audit_actor() RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    actor jsonb := nullif(current_setting('fisioflow.actor', true), '')::jsonb;
BEGIN
    IF coalesce(actor ->> 'label', '') = '' THEN
        RAISE EXCEPTION 'nobody acts: the setting fisioflow.actor names no one'
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Write inside fisioflow.actor.acting() or acting_as_job().';
    END IF;
    RETURN actor;
END $$;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: the audit trail only grows', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
              CONSTRAINT = 'audit_append_only';
END $$;

CREATE FUNCTION audit_event_actor() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    a jsonb := audit_actor();
BEGIN
    NEW.occurred_at := clock_timestamp();
    NEW.user_id := (a ->> 'user_id')::uuid;
    NEW.actor_label := a ->> 'label';
    NEW.ip_address := (a ->> 'ip_address')::inet;
    NEW.user_agent := coalesce(a ->> 'user_agent', '');
    NEW.request_id := coalesce(a ->> 'request_id', '');
    NEW.reason := coalesce(a ->> 'reason', '');
    NEW.xid := pg_current_xact_id();
    RETURN NEW;
END $$;
CREATE TRIGGER audit_event_actor BEFORE INSERT ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_event_actor();
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
"""
DROP_FUNCTIONS = """
DROP TRIGGER audit_event_append_only ON audit_event;
DROP TRIGGER audit_event_actor ON audit_event;
DROP FUNCTION audit_event_actor();
DROP FUNCTION audit_refuse();
DROP FUNCTION audit_actor();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunSQL(sql=FUNCTIONS, reverse_sql=DROP_FUNCTIONS)]
