"""One JSON object a line; control characters cannot forge a line, secrets are not printed."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

_SECRET = re.compile(r"(://[^:/\s]*:)[^@\s]+(@)")


class JsonFormatter(logging.Formatter):
    """`{timestamp, level, logger, message}`, plus `error` with the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _SECRET.sub(r"\1***\2", record.getMessage()),
        }
        if record.exc_info:
            entry["error"] = _SECRET.sub(r"\1***\2", self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)
