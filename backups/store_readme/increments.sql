-- Apply the changes that the increments' scripts loaded into temporary tables. README.md beside this
-- file says what those hold. The search path is the restored schema, which has its rows but no rules
-- yet. The last statement does everything; temporary objects end with the session.
--
-- restore.moment        leaves out transactions that committed after it (empty: none)
-- restore.full_made_at  the earliest moment that can be reached

-- The tables with new rows, and the columns of those rows.
CREATE TEMPORARY VIEW restore_deltas AS
SELECT c.relname AS table_name, d.relname AS delta,
       string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
  FROM pg_class c
  JOIN pg_class d ON d.relnamespace = pg_my_temp_schema() AND d.relkind = 'r'
   AND d.relname = ('delta_' || c.relname)::name
  JOIN pg_attribute a ON a.attrelid = d.oid AND a.attnum > 0
   AND a.attname NOT IN ('written_by', 'committed_at', 'changed_at')
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
 GROUP BY c.relname, d.relname;

CREATE FUNCTION pg_temp.check_moment() RETURNS void LANGUAGE plpgsql AS $body$
DECLARE
    moment timestamptz := nullif(current_setting('restore.moment', true), '');
    made timestamptz := nullif(current_setting('restore.full_made_at', true), '');
BEGIN
    IF moment < made THEN
        RAISE EXCEPTION 'the full was made at %, later than the moment: take an older chain', made;
    END IF;
END $body$;

-- A transaction is taken or left as a whole, by the time of its commit, or of its last change where
-- the backup's server kept no times of commits.
CREATE FUNCTION pg_temp.choose_transactions() RETURNS void LANGUAGE plpgsql AS $body$
DECLARE
    moment timestamptz := nullif(current_setting('restore.moment', true), '');
    written text;
BEGIN
    SELECT string_agg(
               format('SELECT written_by, committed_at, changed_at FROM pg_temp.%I', delta),
               ' UNION ALL ')
      INTO written FROM pg_temp.restore_deltas;
    EXECUTE format($sql$
        CREATE TEMPORARY TABLE restore_transactions AS
        SELECT written_by FROM (%s) w GROUP BY written_by
        HAVING %L::timestamptz IS NULL
            OR coalesce(max(committed_at), max(changed_at)) <= %2$L::timestamptz
        $sql$, written, moment);
    ANALYZE pg_temp.restore_transactions;
END $body$;

CREATE FUNCTION pg_temp.append_rows(target name, delta name, columns text) RETURNS void
LANGUAGE plpgsql AS $body$
BEGIN
    EXECUTE format($sql$
        INSERT INTO %I (%s) OVERRIDING SYSTEM VALUE
        SELECT %2$s FROM pg_temp.%3$I
         WHERE written_by IN (SELECT written_by FROM pg_temp.restore_transactions)
        $sql$, target, columns, delta);
END $body$;

-- Put values in place of their digests: from the row as it was, or from a row carried along. A value
-- that came and went within one increment is in neither: it becomes `!` and its digest, which is no
-- usable password. Returns how many were lost.
CREATE FUNCTION pg_temp.find_values(target text, key text, digested text) RETURNS bigint
LANGUAGE plpgsql AS $body$
DECLARE
    known text := format('SELECT %I AS key, %I AS value FROM %I', key, digested, target);
    lost bigint;
BEGIN
    IF to_regclass(format('pg_temp.%I', 'live_' || target)) IS NOT NULL THEN
        known := known || format(' UNION ALL SELECT %I, %I FROM pg_temp.%I',
                                 key, digested, 'live_' || target);
    END IF;
    EXECUTE format($sql$
        WITH found AS (
            SELECT l.%1$I AS key, max(v.value) AS value
              FROM pg_temp.restore_last l LEFT JOIN (%3$s) v ON v.key = l.%1$I
               AND encode(sha256(convert_to(v.value, 'UTF8')), 'hex') = l.%2$I
             WHERE l.history_type <> '-' AND l.%2$I IS NOT NULL GROUP BY l.%1$I),
        done AS (
            UPDATE pg_temp.restore_last l SET %2$I = coalesce(f.value, '!' || l.%2$I)
              FROM found f WHERE f.key = l.%1$I RETURNING f.value)
        SELECT count(*) FILTER (WHERE value IS NULL) FROM done
        $sql$, key, digested, known) INTO lost;
    RETURN lost;
END $body$;

-- Set each row that changed to its last version.
CREATE FUNCTION pg_temp.merge_rows(tracked record) RETURNS void LANGUAGE plpgsql AS $body$
DECLARE
    columns text := (SELECT string_agg(quote_ident(name), ', ') FROM unnest(tracked.columns) name);
    digested text;
    lost bigint;
BEGIN
    EXECUTE format($sql$
        CREATE TEMPORARY TABLE restore_last AS
        SELECT DISTINCT ON (%1$I) %2$s, history_type FROM pg_temp.%3$I
         WHERE written_by IN (SELECT written_by FROM pg_temp.restore_transactions)
         ORDER BY %1$I, history_id DESC
        $sql$, tracked.key, columns, 'delta_' || tracked.history);
    FOREACH digested IN ARRAY tracked.digests LOOP
        lost := pg_temp.find_values(tracked.table_name, tracked.key, digested);
        IF lost > 0 THEN
            RAISE WARNING 'values of %.% are lost: % (these people set new ones)',
                tracked.table_name, digested, lost;
        END IF;
    END LOOP;
    ANALYZE pg_temp.restore_last;
    EXECUTE format('DELETE FROM %I WHERE %I IN (SELECT %2$I FROM pg_temp.restore_last)',
                   tracked.table_name, tracked.key);
    EXECUTE format($sql$
        INSERT INTO %I (%s) OVERRIDING SYSTEM VALUE
        SELECT %2$s FROM pg_temp.restore_last WHERE history_type <> '-'
        $sql$, tracked.table_name, columns);
    DROP TABLE pg_temp.restore_last;
END $body$;

-- Set the identity sequences behind the highest keys.
CREATE FUNCTION pg_temp.advance_sequences() RETURNS void LANGUAGE plpgsql AS $body$
DECLARE
    identity record;
BEGIN
    FOR identity IN
        SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
           AND a.attidentity <> ''
    LOOP
        EXECUTE format('SELECT setval(pg_get_serial_sequence(%L, %L), coalesce(max(%I), 0) + 1,'
                       ' false) FROM %I', quote_ident(identity.relname), identity.attname,
                       identity.attname, identity.relname);
    END LOOP;
END $body$;

DO $$
DECLARE
    found record;
BEGIN
    PERFORM pg_temp.check_moment();
    IF NOT EXISTS (SELECT FROM pg_temp.restore_deltas) THEN  -- the increments hold only documents
        RETURN;
    END IF;
    PERFORM pg_temp.choose_transactions();
    PERFORM pg_temp.append_rows(table_name, delta, columns) FROM pg_temp.restore_deltas;
    IF to_regclass('pg_temp.delta_tracked') IS NOT NULL THEN
        FOR found IN SELECT DISTINCT * FROM pg_temp.delta_tracked ORDER BY table_name LOOP
            PERFORM pg_temp.merge_rows(found);
        END LOOP;
    END IF;
    PERFORM pg_temp.advance_sequences();
END $$;
