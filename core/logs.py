"""Structured logs: readable lines on a terminal, JSON for machines; secrets never."""

import logging
from collections.abc import MutableMapping
from typing import Any

import structlog

from core.redaction import redacted
from core.settings import settings

# One line for every doorbell or request says nothing: what a worker does is in the ledger.
CHATTY = ("celery.worker.strategy", "celery.app.trace", "httpx", "httpcore")
SECRET = ("key", "token_secret", "authorization", "password", "secret")


def configure() -> None:
    """Set up structlog for this process from the settings."""
    level = logging.getLevelNamesMapping()[settings().log_level.upper()]
    logging.basicConfig(level=level, format="%(levelname)-8s %(name)s: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(Blacken())
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    json = settings().log_format == "json"
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso" if json else "%H:%M:%S"),
            redact,
            structlog.processors.format_exc_info,
            renderer,
            blacken,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


class Blacken(logging.Filter):
    """The same for records of other people's loggers."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Write the message out and black out what is hidden; every record passes."""
        record.msg, record.args = redacted(record.getMessage()), None
        if record.exc_info:
            record.exc_text = redacted(logging.Formatter().formatException(record.exc_info))
        return True


def blacken(_logger: object, _name: str, line: Any) -> str:
    """Black out secrets that this process has opened, wherever they stand in the line."""
    return redacted(str(line))


def redact(_logger: object, _name: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the values of fields that hold secrets."""
    for name in fields:
        if name.lower() in SECRET:
            fields[name] = "[redacted]"
    return fields
