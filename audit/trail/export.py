"""The trail as a file, written page by page: memory doesn't grow with its length."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, Literal

from django.utils import timezone
from rest_framework.utils.encoders import JSONEncoder

from audit.events.models import EventKind
from audit.events.services import chart_view_record, event_record
from audit.trail.entries import EVENTS, charts_in
from audit.trail.feed import Trail
from audit.trail.serializers import EntrySerializer, as_dicts
from core.actor import Actor, acting, current_actor
from tenants.context import ClinicRoute, clinic_scope, current_clinic

Format = Literal["csv", "jsonl"]
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
PAGE = 500  # entries in memory
_BOM = "\ufeff"  # tells spreadsheets that the file is UTF-8
# Spreadsheets run a cell that begins like this (OWASP), and a user agent may be any text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def trail_export(*, trail: Trail, format: Format) -> Iterator[str]:  # noqa: A002  its name
    """The trail up to now, newest first, in pieces of text.

    The export is an event, written before the first piece is made. The pieces may be read after the
    request has ended: each is made in this call's clinic and as its actor.
    """
    now = timezone.now()
    until = min(trail.until, now) if trail.until else now

    filters = trail.given()
    trail = replace(trail, until=until)
    details = {"format": format, "filters": filters, "count": trail.count()}
    event_record(kind=EventKind.EXPORTED, table_name=EVENTS, details=details)

    pages = _pages(trail, current_clinic(), current_actor())
    return chain([_csv_head()], map(_csv, pages)) if format == "csv" else map(_json_lines, pages)


def _pages(trail: Trail, clinic: ClinicRoute, actor: Actor) -> Iterator[list[dict[str, Any]]]:
    after = None

    while True:
        with clinic_scope(clinic), acting(actor):  # not around the yield: the caller has its own
            page = trail.page(PAGE, after=after)
            chart_view_record(patient_ids=charts_in(page))
            entries = as_dicts(page)

        yield entries

        if len(page) < PAGE:
            return
        after = page[-1].place


def _json_lines(entries: list[dict[str, Any]]) -> str:
    return "".join(f"{_json(entry)}\n" for entry in entries)


def _csv_head() -> str:
    names = [str(name) for name in EntrySerializer().fields]
    names.remove("user")
    return _BOM + _csv_lines([[*names, "user_id", "user_label"]])


def _csv(entries: list[dict[str, Any]]) -> str:
    users = [entry.pop("user") for entry in entries]
    rows = zip(entries, users, strict=True)
    return _csv_lines([*e.values(), u["id"], u["label"]] for e, u in rows)


def _csv_lines(rows: Iterable[Iterable[Any]]) -> str:
    lines = io.StringIO()
    csv.writer(lines).writerows([_cell(value) for value in row] for row in rows)
    return lines.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else _json(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _json(value: Any) -> str:
    return json.dumps(value, cls=JSONEncoder, ensure_ascii=False)
