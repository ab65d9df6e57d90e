"""Measures stock django-tenants: `python -m benchmarks.stock 12` prints JSON on its last line."""

import json
import sys
from time import perf_counter

import django
from django.core.management import call_command


def main(count: int) -> None:
    """Create `count` schemas, then migrate all of them with nothing to do."""
    django.setup()
    from benchmarks.report import middle
    from benchmarks.stock_app.models import Tenant

    call_command("migrate_schemas", schema_name="public", verbosity=0)
    created = []

    for number in range(count):
        started = perf_counter()
        Tenant(schema_name=f"stock_{number}").save(verbosity=0)
        created.append(perf_counter() - started)

    started = perf_counter()
    call_command("migrate_schemas", tenant=True, verbosity=0)
    noop = (perf_counter() - started) / count
    print(json.dumps({"create": middle(created), "noop": noop}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
