"""Logging: one line per event on standard error, JSON for machines or coloured for people, and no secret in either."""

import contextlib
import logging
import sys
import threading
from types import TracebackType

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gateway import tracing
from gateway.scrubbing import scrub


def _scrub_event(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    scrubbed: EventDict = scrub(event)
    return scrubbed


def _add_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {**event, **tracing.ids()}


class _Handler(logging.Handler):
    """To standard error. What can't be written is named and not shown: logging's own way is to print it as it came."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        kind = getattr(sys.exc_info()[0], "__name__", "")
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f'{{"event": "line_not_written", "logger": "{record.name}", "error": "{kind}"}}\n')


def configure_logging(*, pretty: bool) -> None:
    """For structlog and for what libraries log; `pretty` is for a person at a terminal."""
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_trace,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if pretty else "iso", utc=not pretty),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    structlog.configure(
        processors=[*first, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    render: Processor = (
        structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = _Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=first,
            # Last before rendering, so that exceptions and what libraries say are scrubbed too.
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _scrub_event,
                render,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("httpx", "httpx2", "alembic.runtime.migration", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    _log_crashes()


def _log_crashes() -> None:
    """What nobody caught would be written as it is, past all of the above, by whoever ends with it."""
    log = structlog.get_logger("gateway.crash")

    def crashed(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error or kind(), trace)
        else:
            log.critical("crashed", exc_info=(kind, error, trace))

    sys.excepthook = crashed
    threading.excepthook = lambda hook: crashed(hook.exc_type, hook.exc_value, hook.exc_traceback)
    sys.unraisablehook = lambda hook: crashed(hook.exc_type, hook.exc_value, hook.exc_traceback)
    logging.captureWarnings(True)
