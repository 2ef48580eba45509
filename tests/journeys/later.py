"""The web application with a clock that runs ahead: `gunicorn tests.journeys.later:application`.

The product has no switch for its time. This module replaces its one clock (checklists.clock.now) before the
application loads, so a second web server beside the first one serves the same database as of another day.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from checklists import clock

AHEAD = timedelta(days=int(os.environ["JOURNEY_DAYS_AHEAD"]))
real = clock.now


def _later() -> datetime:
    return real() + AHEAD


clock.now = _later

from readiness.wsgi import application  # noqa: E402, F401  # after the clock is set
