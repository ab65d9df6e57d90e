"""Gauges of how backups stand, read from the directory on each scrape.

Labels are states, never clinics, so that their number doesn't grow.
"""

from collections import Counter
from collections.abc import Iterator

from django.db import Error, connections
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from backups.schedule import standings
from core.errors import FisioFlowError
from tenants.context import DIRECTORY, platform_scope

BACKUP_STATES = ("kept", "missed")
PROOF_STATES = ("proven", "unproven")


class BackupCollector(Collector):
    """Counts clinics by the state of their backups, and gives the oldest ages."""

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing, so that registering doesn't read the directory."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges; none when the directory doesn't answer."""
        now = timezone.now()

        try:
            with platform_scope():
                found = standings()
        except (Error, FisioFlowError):
            return
        finally:
            if not connections[
                DIRECTORY
            ].in_atomic_block:  # no request ends here, which would do it
                connections[DIRECTORY].close_if_unusable_or_obsolete()

        schedule = Counter("missed" if s.is_missed(now) else "kept" for s in found)
        yield _by_state(
            "fisioflow_backup_schedule_clinics",
            "Active clinics by whether their backups kept the schedule.",
            {state: schedule[state] for state in BACKUP_STATES},
        )

        proof = Counter("proven" if s.is_proven(now) else "unproven" for s in found)
        yield _by_state(
            "fisioflow_backup_proof_clinics",
            "Active clinics by whether a restore of theirs was proven within two days.",
            {state: proof[state] for state in PROOF_STATES},
        )

        for name, text, moments in (
            ("recovery_point", "recovery point", [s.covered_until for s in found]),
            ("proven_restore", "last proven restore", [s.last_proven for s in found]),
        ):
            ages = [(now - moment).total_seconds() for moment in moments if moment]
            yield GaugeMetricFamily(
                f"fisioflow_backup_oldest_{name}_seconds",
                f"Age of the oldest {text} of an active clinic that has one.",
                value=max(ages, default=0),
            )


def _by_state(name: str, text: str, counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["state"])
    for state, count in counts.items():
        family.add_metric([state], count)
    return family
