"""A schema's definition, read from PostgreSQL's catalogs, that can be built under any name.

Everything is written without a schema name, because it is read and run with a search path of one
schema. Objects that this module doesn't know (views, policies, ...) are refused, never left out.
Rows are filled in between `structure` and `rules`, before foreign keys and triggers exist.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from core.errors import FisioFlowError
from tenants.postgresql.catalogs import RELATIONS, in_schema


class UnsupportedObject(FisioFlowError):
    """The schema holds an object that tenants/ddl.py cannot copy yet. Teach it that kind."""

    code = "unsupported_schema_object"


@dataclass(frozen=True, slots=True)
class SchemaDefinition:
    """DDL in two parts (types, functions, tables; constraints, indexes, triggers)."""

    structure: str
    rules: str
    tables: tuple[str, ...]
    # (privileges, tables) of the application's role, which may have another name elsewhere
    grants: tuple[tuple[str, str], ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DDL, hexadecimal: equal for schemas of the same definition."""
        return hashlib.sha256(f"{self.structure}\n{self.rules}".encode()).hexdigest()


_VARCHAR = re.compile(r"'(?:[^']|'')*'::character varying")
_VARCHAR_LIST = re.compile(
    rf"\(\(ARRAY\[({_VARCHAR.pattern}(?:, {_VARCHAR.pattern})*)\]\)::text\[\]\)"
)
_UNSUPPORTED = f"""
SELECT 'relation ' || relname FROM pg_class
 WHERE oid IN {RELATIONS}
   AND (relkind IN ('v', 'm', 'f', 'p') OR relrowsecurity OR relispartition
        OR relkind = 'S' AND NOT EXISTS (
            SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
               AND d.objid = pg_class.oid AND d.deptype = 'i')
        OR relkind = 'r' AND EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = pg_class.oid))
UNION ALL SELECT 'type ' || typname FROM pg_type t
 WHERE t.oid IN {in_schema("pg_type")} AND typtype IN ('c', 'd')
UNION ALL SELECT 'routine ' || proname FROM pg_proc
 WHERE pg_proc.oid IN {in_schema("pg_proc")} AND prokind NOT IN ('f', 'p')
   AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'i')
UNION ALL SELECT 'statistics ' || stxname FROM pg_statistic_ext
 WHERE oid IN {in_schema("pg_statistic_ext")}
UNION ALL SELECT 'rule ' || rulename FROM pg_rewrite
 WHERE ev_class IN {RELATIONS} AND rulename <> '_RETURN'
UNION ALL SELECT 'operator ' || oprname FROM pg_operator
 WHERE oid IN {in_schema("pg_operator")}
UNION ALL SELECT 'collation ' || collname FROM pg_collation
 WHERE oid IN {in_schema("pg_collation")}
"""
_TYPES = f"""
SELECT format('CREATE TYPE %I AS ENUM (%s)', t.typname,
              string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder))
  FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
 WHERE t.oid IN {in_schema("pg_type")} GROUP BY t.typname
UNION ALL
SELECT format('CREATE TYPE %I AS RANGE (SUBTYPE = %s, SUBTYPE_OPCLASS = %I.%I%s%s%s,'
              ' MULTIRANGE_TYPE_NAME = %I)', t.typname, format_type(r.rngsubtype, NULL),
              n.nspname, o.opcname,
              CASE WHEN r.rngcollation <> 0 THEN ', COLLATION = ' || r.rngcollation::regcollation
              END,
              CASE WHEN r.rngcanonical <> 0 THEN ', CANONICAL = ' || r.rngcanonical::regproc END,
              CASE WHEN r.rngsubdiff <> 0 THEN ', SUBTYPE_DIFF = ' || r.rngsubdiff::regproc END,
              m.typname)
  FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid JOIN pg_type m ON m.oid = r.rngmultitypid
  JOIN pg_opclass o ON o.oid = r.rngsubopc JOIN pg_namespace n ON n.oid = o.opcnamespace
 WHERE t.oid IN {in_schema("pg_type")}
 ORDER BY 1
"""
_FUNCTIONS = f"""
SELECT replace(left(d, strpos(d, '(')), quote_ident(current_schema()) || '.', '')
       || substr(d, strpos(d, '(') + 1)
  FROM (SELECT p.proname, pg_get_function_identity_arguments(p.oid) AS args,
               pg_get_functiondef(p.oid) AS d
          FROM pg_proc p WHERE p.oid IN {in_schema("pg_proc")}
           AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = p.oid AND deptype = 'i')) f
 ORDER BY proname, args
"""
_TABLES = f"""
SELECT c.relname, format(E'CREATE TABLE %I (\\n    %s\\n)', c.relname, coalesce(string_agg(
         format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
         || CASE WHEN a.attcollation <> t.typcollation
                 THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END
         || CASE a.attgenerated WHEN 's'
                 THEN format(' GENERATED ALWAYS AS (%s) STORED',
                             pg_get_expr(d.adbin, d.adrelid))
                 ELSE '' END
         || CASE WHEN d.adbin IS NOT NULL AND a.attgenerated = ''
                 THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) ELSE '' END
         || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
         || CASE a.attidentity WHEN '' THEN '' ELSE format(
                ' GENERATED %s AS IDENTITY (SEQUENCE NAME %I)',
                CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, s.relname) END,
         E',\\n    ' ORDER BY a.attnum), '')), bool_or(a.attgenerated NOT IN ('', 's'))
  FROM pg_class c
  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  LEFT JOIN pg_depend p ON a.attidentity <> '' AND p.refclassid = 'pg_class'::regclass
       AND p.refobjid = c.oid AND p.refobjsubid = a.attnum AND p.deptype = 'i'
  LEFT JOIN pg_class s ON s.oid = p.objid AND s.relkind = 'S'
 WHERE c.oid IN {RELATIONS} AND c.relkind = 'r'
 GROUP BY c.relname ORDER BY c.relname
"""
_CONSTRAINTS = f"""
SELECT format('ALTER TABLE %%I ADD CONSTRAINT %%I %%s', c.relname, k.conname,
              pg_get_constraintdef(k.oid))
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
 WHERE c.oid IN {RELATIONS} AND k.contype::text = ANY(%s)
 ORDER BY c.relname, k.conname
"""
_INDEXES = f"""
SELECT pg_get_indexdef(i.indexrelid, 0, true) FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid IN {RELATIONS} AND NOT EXISTS (
       SELECT 1 FROM pg_constraint k WHERE k.conrelid = i.indrelid AND k.conindid = i.indexrelid
          AND k.contype <> 'f')
 ORDER BY c.relname
"""
_TRIGGERS = f"""
SELECT pg_get_triggerdef(t.oid, true)
       || CASE t.tgenabled WHEN 'O' THEN '' ELSE format('; ALTER TABLE %I %s TRIGGER %I',
            c.relname, CASE t.tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA'
            ELSE 'DISABLE' END, t.tgname) END
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.oid IN {RELATIONS} AND NOT t.tgisinternal
 ORDER BY c.relname, t.tgname
"""
_COMMENTS = f"""
SELECT format('COMMENT ON %s IS %L', CASE d.objsubid WHEN 0 THEN format('TABLE %I', c.relname)
              ELSE format('COLUMN %I.%I', c.relname, a.attname) END, d.description)
  FROM pg_description d JOIN pg_class c ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid
  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0
 WHERE c.oid IN {RELATIONS} AND c.relkind = 'r'
 ORDER BY 1
"""


_GRANTS = f"""
SELECT privileges, string_agg(quote_ident(relname), ', ' ORDER BY relname)
  FROM (SELECT c.relname, string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) AS privileges
          FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
         WHERE c.oid IN {RELATIONS} AND c.relkind = 'r'
           AND r.rolname = %s
         GROUP BY c.relname) by_table
 GROUP BY privileges ORDER BY privileges
"""


def read_definition(cursor: Any) -> SchemaDefinition:
    """The definition of the schema that the cursor's search path names.

    Raises UnsupportedObject for an object that the copy would lack.
    """
    unknown = [row[0] for row in _rows(cursor, _UNSUPPORTED)]
    tables = _rows(cursor, _TABLES)
    unknown += [f"virtual column in {name}" for name, _, virtual in tables if virtual]
    if unknown:
        raise UnsupportedObject(objects=", ".join(sorted(unknown)))

    structure = [
        *_column(cursor, _TYPES),
        *_column(cursor, _FUNCTIONS),
        *(ddl for _, ddl, _ in tables),
    ]

    rules = [
        *_column(cursor, _CONSTRAINTS, [["p", "u"]]),
        *_column(cursor, _CONSTRAINTS, [["c", "x"]]),
        *_column(cursor, _INDEXES),
        *_column(cursor, _CONSTRAINTS, [["f"]]),
        *_column(cursor, _TRIGGERS),
        *_column(cursor, _COMMENTS),
    ]

    return SchemaDefinition(
        structure=_script(structure),
        rules=_script(rules),
        tables=tuple(name for name, _, _ in tables),
        grants=tuple(_rows(cursor, _GRANTS, [settings.APP_ROLE])),
    )


def _script(statements: list[str]) -> str:
    return "".join(f"{_canonical(statement)};\n" for statement in statements)


def _canonical(statement: str) -> str:
    """PostgreSQL writes `varchar IN (...)` differently before and after one dump and restore.

    The second form is the stable one; without this a clinic's fingerprint would differ from its
    template's.
    """

    def stable(match: re.Match[str]) -> str:
        return f"(ARRAY[{', '.join(f'({v})::text' for v in _VARCHAR.findall(match[1]))}])"

    return _VARCHAR_LIST.sub(stable, statement)


def _rows(cursor: Any, sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    cursor.execute(sql, params)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _column(cursor: Any, sql: str, params: list[Any] | None = None) -> list[str]:
    return [row[0] for row in _rows(cursor, sql, params)]
