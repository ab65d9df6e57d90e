"""The database alone numbers events; and types that functions name can't be put in their place.

An id that whoever writes chooses could be one that a later event gets, which would then be lost.
`audit_event_actor` takes it from the sequence, which the application has no right to, as the owner.
"""

from django.db import migrations

EVENT_ACTOR = """
CREATE OR REPLACE FUNCTION audit_event_actor() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    a pg_catalog.jsonb;
    path pg_catalog.name[] := pg_catalog.current_schemas(true);
BEGIN
    -- As in audit.capture.PATH_GUARD.
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
"""
# A function is compiled once a session, by the search path of its first call. This one is called
# with the owner's rights as well, so that whoever called it first could choose what `jsonb` is.
ACTOR = """
CREATE OR REPLACE FUNCTION audit_actor() RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    actor pg_catalog.jsonb := nullif(current_setting('fisioflow.actor', true), '')::jsonb;
BEGIN
    IF coalesce(actor ->> 'label', '') = '' THEN
        RAISE EXCEPTION 'nobody acts: the setting fisioflow.actor names no one'
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Write inside fisioflow.actor.acting() or acting_as_job().';
    END IF;
    RETURN actor;
END $$;
"""
EVENT_ACTOR_BEFORE = """
CREATE OR REPLACE FUNCTION audit_event_actor() RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER AS $$
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
"""
ACTOR_BEFORE = ACTOR.replace("pg_catalog.jsonb", "jsonb")


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_seals")]

    operations = [
        migrations.RunSQL(sql=ACTOR, reverse_sql=ACTOR_BEFORE),
        migrations.RunSQL(sql=EVENT_ACTOR, reverse_sql=EVENT_ACTOR_BEFORE),
    ]
