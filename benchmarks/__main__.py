"""Run every benchmark, or the named ones (`make bench ARGS=tenancy`).

The exit status is 1 if a bar is missed, 2 for an unknown name.
"""

import importlib
import os
import sys

BENCHMARKS = ["audit", "audit_reading", "backup", "proof", "restore", "tenancy", "validation"]


def main(names: list[str]) -> int:
    """Print each figure as soon as it is measured; returns the exit status."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "fisioflow.settings_test"  # no log line per request
    import django

    django.setup()

    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(f"No such benchmark: {', '.join(sorted(unknown))}. There are: {BENCHMARKS}")
        return 2

    missed = 0
    for name in names or BENCHMARKS:
        print(f"== {name}", flush=True)
        for figure in importlib.import_module(f"benchmarks.{name}").figures():
            print(figure.line(), flush=True)
            missed += not figure.reached

    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
