"""What is in the search path's schema, found by what DROP SCHEMA would follow.

The catalogs have no index by schema: beside 500 clinics each look would read all 180,000 relations.
"""


def in_schema(catalog: str) -> str:
    """SQL: the oids of what the schema has in this catalog (pg_class, pg_type, pg_proc, ...).

    What belongs to something else (indexes, constraints, triggers, row types) isn't among them: it
    is found from there.
    """
    return (
        "(SELECT objid FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass"
        f" AND refobjid = current_schema()::regnamespace AND classid = '{catalog}'::regclass)"
    )


RELATIONS = in_schema("pg_class")
