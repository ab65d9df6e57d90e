"""The trail's functions and triggers: who acts, append-only tables, views of charts.

The functions that write history call `audit_actor` and `audit_refuse` too.
"""

from django.db import migrations

# Who acts, as the backend said with the transaction. Nobody writes unnamed.
#
# PostgreSQL compiles a function once a session, by the search path of its first call. This one is
# also called with the owner's rights, so its types are qualified: otherwise the first caller could
# choose what `jsonb` is.
ACTOR = """
CREATE FUNCTION audit_actor() RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    actor pg_catalog.jsonb := nullif(current_setting('fisioflow.actor', true), '')::jsonb;
BEGIN
    IF coalesce(actor ->> 'label', '') = '' THEN
        RAISE EXCEPTION 'nobody acts: the setting fisioflow.actor names no one'
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Write inside core.actor.acting() or acting_as_job().';
    END IF;
    RETURN actor;
END $$;
"""

REFUSE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: the audit trail only grows', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
              CONSTRAINT = 'audit_append_only';
END $$;
"""

# `audit_event_actor` runs as the owner, to take the event's id from a sequence that the application
# has no right to. A writer who chose ids could take one that a later event gets, which would then
# be lost.
EVENTS = """
CREATE FUNCTION audit_event_actor() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    a pg_catalog.jsonb;
    path pg_catalog.name[] := pg_catalog.current_schemas(true);
BEGIN
    -- As in the functions that write history (PATH_GUARD).
    IF path[1:2] OPERATOR(pg_catalog.<>) ARRAY['pg_catalog', TG_TABLE_SCHEMA]
       OR path[3] OPERATOR(pg_catalog.!~~) 'pg_temp%' OR path[4] IS NOT NULL
       OR NOT EXISTS (
            SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) TG_RELID
               AND pg_catalog.pg_get_userbyid(c.relowner) OPERATOR(pg_catalog.=) current_user) THEN
        RAISE EXCEPTION 'the search path leads away from %', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'It must be the schema of the table, and then pg_temp.';
    END IF;
    a := audit_actor();
    NEW.id := nextval('audit_event_id_seq');
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
DROP_EVENTS = """
DROP TRIGGER audit_event_append_only ON audit_event;
DROP TRIGGER audit_event_actor ON audit_event;
DROP FUNCTION audit_event_actor();
"""

# Records views of charts, each at most once in 15 minutes (audit.events.services.chart_view_record).
CHART_VIEWS = """
CREATE FUNCTION audit_chart_views(charts uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    a jsonb := audit_actor();
    recorded integer;
BEGIN
    -- Two requests of one person take turns. The INSERT is a statement of its own, with a snapshot
    -- of its own: it sees what the one that went before has written.
    PERFORM pg_advisory_xact_lock(
        hashtextextended(concat_ws(' ', current_schema(), a ->> 'user_id', a ->> 'label'), 7));
    INSERT INTO audit_event (kind, patient_id, table_name, record_id, details)
    SELECT 'chart_viewed', chart, '', '', '{}' FROM (SELECT DISTINCT unnest(charts)) c(chart)
     WHERE NOT EXISTS (
           SELECT FROM audit_event e
            WHERE e.patient_id = chart AND e.kind = 'chart_viewed'
              AND e.user_id IS NOT DISTINCT FROM (a ->> 'user_id')::uuid
              AND e.actor_label = a ->> 'label'  -- support that acts as a person is another
              AND e.occurred_at > clock_timestamp() - interval '15 minutes');
    GET DIAGNOSTICS recorded = ROW_COUNT;
    RETURN recorded;
END $$;
"""

SEALS = """
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_sealedtable_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_sealedtable
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
"""
DROP_SEALS = """
DROP TRIGGER audit_seal_append_only ON audit_seal;
DROP TRIGGER audit_sealedtable_append_only ON audit_sealedtable;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_tables")]

    operations = [
        migrations.RunSQL(sql=ACTOR, reverse_sql="DROP FUNCTION audit_actor()"),
        migrations.RunSQL(sql=REFUSE, reverse_sql="DROP FUNCTION audit_refuse()"),
        migrations.RunSQL(sql=EVENTS, reverse_sql=DROP_EVENTS),
        migrations.RunSQL(sql=CHART_VIEWS, reverse_sql="DROP FUNCTION audit_chart_views(uuid[])"),
        migrations.RunSQL(sql=SEALS, reverse_sql=DROP_SEALS),
    ]
