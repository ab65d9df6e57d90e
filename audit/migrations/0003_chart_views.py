"""Records views of charts, each at most once in 15 minutes (audit.services.chart_view_record)."""

from django.db import migrations

FUNCTION = """
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


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_triggers")]

    operations = [
        migrations.RunSQL(sql=FUNCTION, reverse_sql="DROP FUNCTION audit_chart_views(uuid[])")
    ]
