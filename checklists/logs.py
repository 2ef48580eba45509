"""One JSON object a line; control characters cannot forge a line, secrets are not printed."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

_SECRET = re.compile(r"(://[^:/\s]*:)[^@\s]+(@)")
_INVITATION = re.compile(r"(/invitations/)[\w-]{43}")  # who has the link may accept


def plain(text: str) -> str:
    """The text without passwords of addresses and secrets of invitations."""
    return _INVITATION.sub(r"\1…", _SECRET.sub(r"\1***\2", text))


class JsonFormatter(logging.Formatter):
    """`{timestamp, level, logger, message}`, plus `error` with the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": plain(record.getMessage()),
        }
        if record.exc_info:
            entry["error"] = plain(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)
