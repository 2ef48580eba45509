"""The WSGI application for gunicorn; an unsafe configuration ends the process with the reason."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readiness.settings")

application = get_wsgi_application()

from checklists import startup  # noqa: E402  # its models load with the application above

startup.refuse_unsafe()
