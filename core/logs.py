"""Structured logs: one JSON object per line, with the request, the clinic and no personal data.

A value is dropped when its name is some model's field or suggests a credential. So a new field is
kept out of the logs from its first day; a name that the logs need is listed below as harmless.
"""

import logging
import logging.config
import re
from functools import cache
from typing import Any

import structlog
from django.apps import apps
from structlog.types import EventDict, WrappedLogger

# Names of fields that the logs may use, each with the reason.
HARMLESS = {
    "clinic": "the schema's name: an address, not a person",
    "error": "the class of an error; its message is not logged",
    "event": "the text of the line, written in the code",
    "kind": "one of a list of choices in the code",
    "number": "of a seal",
    "request_id": "random, or chosen by the client's program",
    "status": "an HTTP status",
    "task": "a task's name in the code",
}
_CREDENTIALS = frozenset(
    ["access", "authorization", "cookie", "password", "refresh", "secret", "token"]
)
# They hold a random key or a row's number, which say nothing about a person.
_IDENTIFIERS = {"UUIDField", "AutoField", "SmallAutoField", "BigAutoField"}
# "DETAIL:  Key (cpf)=(...) already exists.", up to the next part of the message or traceback.
_ROW_VALUES = re.compile(
    r"^DETAIL:.*?(?=\n(?:CONTEXT|HINT|LINE|QUERY|WHERE):|\n\n|\Z)", re.DOTALL | re.MULTILINE
)


def drop_personal_data(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace the values whose names could hold personal data or a credential."""
    for name in event:
        if name in _fields() or not _CREDENTIALS.isdisjoint(name.lower().split("_")):
            event[name] = "[removed]"
    return event


def _fields() -> frozenset[str]:
    """The names to drop: none until the models are loaded, because no row has been read by then."""
    return _fields_of_models() if apps.models_ready else frozenset()


@cache
def _fields_of_models() -> frozenset[str]:
    names = {
        field.name
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.fields
        if field.get_internal_type() not in _IDENTIFIERS
    }
    return frozenset(names - HARMLESS.keys())


def drop_row_values(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Remove from a traceback the values that PostgreSQL quotes from a refused row."""
    if "exception" in event:
        event["exception"] = _ROW_VALUES.sub("DETAIL:  [removed]", event["exception"])
    return event


def logging_config(*, level: str, as_json: bool) -> dict[str, Any]:
    """Configure structlog and return the dictConfig of the standard library's loggers."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        drop_personal_data,
    ]

    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )

    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )

    config: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    drop_row_values,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {"django.server": {"level": "WARNING"}},
    }

    logging.config.dictConfig(config)
    return config
