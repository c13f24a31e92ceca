"""Logs: one JSON line a record, without secrets or request bodies."""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, Final

import structlog

_QUIET: Final = ("slack_bolt", "slack_sdk", "httpx", "httpcore", "aiohttp", "dbos", "alembic")


def set_up(*, scrub: Callable[[str], str], level: int = logging.INFO) -> None:
    """Send every log of this process to standard error as scrubbed JSON lines."""

    def clean(_logger: object, _name: str, event: MutableMapping[str, Any]) -> dict[str, str]:
        return {key: scrub(str(value)) for key, value in event.items()}

    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            clean,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
