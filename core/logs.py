"""Structured logs: one JSON object a line, with the request, the clinic and no personal data."""

import logging
import logging.config
import re
from typing import Any

import structlog
from structlog.types import EventDict, WrappedLogger

# Names under which personal or secret data could slip into an event: the value is dropped.
_PERSONAL = frozenset(
    [
        "name",
        "full_name",
        "email",
        "cpf",
        "phone",
        "birth_date",
        "medical_history",
        "notes",
        "password",
        "token",
        "refresh",
    ]
)
# "DETAIL:  Key (cpf)=(...) already exists.", up to the next part of the message or traceback.
_ROW_VALUES = re.compile(
    r"^DETAIL:.*?(?=\n(?:CONTEXT|HINT|LINE|QUERY|WHERE):|\n\n|\Z)", re.DOTALL | re.MULTILINE
)


def drop_personal_data(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Remove the fields that could name a patient or open a door."""
    for field in _PERSONAL & event.keys():
        event[field] = "[removed]"
    return event


def drop_row_values(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Remove what PostgreSQL quotes of a refused row from a traceback."""
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
