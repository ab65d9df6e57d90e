"""SQL that finds in PostgreSQL's system catalogs what the search path's schema holds.

It follows pg_depend, as DROP SCHEMA does, because the catalogs have no index by schema: beside 500
clinics each look-up would read all 180,000 relations.
"""


def in_schema(catalog: str) -> str:
    """SQL: the oids of what the schema has in this catalog (pg_class, pg_type, pg_proc, ...).

    Parts of something else (indexes, constraints, triggers, row types) aren't among them: look for
    them by what they belong to.
    """
    return (
        "(SELECT objid FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass"
        f" AND refobjid = current_schema()::regnamespace AND classid = '{catalog}'::regclass)"
    )


RELATIONS = in_schema("pg_class")
