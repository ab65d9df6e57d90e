"""A release reaches the whole fleet: on each shard the template first, then the clinics behind.

Shards are worked on at once, each in a thread. A failure becomes an Outcome and stops no other
schema, except that a template's failure leaves its shard's clinics as they are. Running again
resumes: only schemas that are behind are migrated.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock

from django.db import connections

from core.actor import Actor, acting, current_actor
from core.errors import FisioFlowError
from tenants.context import TEMPLATE_SCHEMA, platform_scope
from tenants.fleet import clinics_behind, migrate_schema, migrate_template

_LONGEST_TEXT = 500  # characters of a failure's message


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one schema: `error` is empty when it is up to date now.

    `place` is where in its shard's run: `template`, `3/120` for a clinic, or `shard` when the shard
    itself failed (`schema` is `*` then). In a dry run the schema is one that is behind.
    """

    shard: str
    schema: str
    place: str = ""
    error: str = ""


Report = Callable[[Outcome], None]


def fleet_migrate(*, shards: Sequence[str], workers: int, report: Report) -> list[Outcome]:
    """Migrate every schema of these shards that is behind, `workers` clinics at once on each shard.

    `report` is called with each outcome as it comes, by one thread at a time.
    """
    return _on_every_shard(shards, partial(_migrate_shard, workers=workers), report)


def fleet_behind(*, shards: Sequence[str], report: Report) -> list[Outcome]:
    """The clinics of these shards that lack a migration; `report` gets only the failures."""

    def look(shard: str, _: Report) -> list[Outcome]:
        return [Outcome(shard, schema) for schema in clinics_behind(shard)]

    return _on_every_shard(shards, look, report)


def _on_every_shard(
    shards: Sequence[str], work: Callable[[str, Report], list[Outcome]], report: Report
) -> list[Outcome]:
    """Do the work on all the shards at once, as the caller's actor; returns all outcomes."""
    actor, turn = current_actor(), Lock()

    def report_in_turn(outcome: Outcome) -> None:
        with turn:
            report(outcome)

    def work_or_fail(shard: str) -> list[Outcome]:
        with _thread_of(actor):
            try:
                return work(shard, report_in_turn)
            except FisioFlowError as error:
                failed = Outcome(shard, "*", "shard", str(error))
            except Exception as error:  # noqa: BLE001  a template's migration is any code
                failed = Outcome(shard, TEMPLATE_SCHEMA, "template", _text_of(error))

            report_in_turn(failed)
            return [failed]

    with ThreadPoolExecutor(max_workers=len(shards)) as pool:
        return [outcome for done in pool.map(work_or_fail, sorted(shards)) for outcome in done]


def _migrate_shard(shard: str, report: Report, *, workers: int) -> list[Outcome]:
    outcomes = []
    if migrate_template(shard):
        outcomes.append(Outcome(shard, TEMPLATE_SCHEMA, "template"))
        report(outcomes[0])

    return outcomes + _migrate_clinics(shard, clinics_behind(shard), workers, report)


def _migrate_clinics(shard: str, schemas: list[str], workers: int, report: Report) -> list[Outcome]:
    actor, turn = current_actor(), Lock()
    waiting: SimpleQueue[str] = SimpleQueue()
    outcomes: list[Outcome] = []
    for schema in schemas:
        waiting.put(schema)

    def work_until_done() -> None:
        with _thread_of(actor):
            while True:
                try:
                    schema = waiting.get_nowait()
                except Empty:
                    return

                error = _failure_of(shard, schema)
                with turn:  # so that the numbers are reported in their order
                    place = f"{len(outcomes) + 1}/{len(schemas)}"
                    outcomes.append(Outcome(shard, schema, place, error))
                    report(outcomes[-1])

    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix=shard) as pool:
        for done in [pool.submit(work_until_done) for _ in range(min(workers, len(schemas)))]:
            done.result()

    return outcomes


def _failure_of(shard: str, schema: str) -> str:
    """What went wrong while one clinic was migrated; empty when nothing did."""
    try:
        migrate_schema(shard, schema)
    except Exception as error:  # noqa: BLE001  a migration is any code: report it and go on
        return _text_of(error)
    return ""


def _text_of(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:_LONGEST_TEXT]}"


@contextmanager
def _thread_of(actor: Actor) -> Iterator[None]:
    """Give a new thread its actor, which it lacks, and close its own connections at the end."""
    try:
        with platform_scope(), acting(actor):
            yield
    finally:
        connections.close_all()
