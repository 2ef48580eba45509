"""The browser's loop and the application share a thread here, as long as the browser is open."""

from __future__ import annotations

import os

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
