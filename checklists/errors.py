"""Errors of acts, all children of ReadinessError: the page shows message and advice, nothing is changed.

ReadinessError
├── Forbidden       the person's roles do not allow this (403)
├── Refused         a rule of the gate does not allow this now (409)
│   └── TooLarge    more than this installation takes (413)
├── StaleForm       somebody changed it since the form was shown (409)
└── WrongPassword   the signature's credential is wrong (401)
"""

from __future__ import annotations

from readiness.engine.errors import ReadinessError


class Forbidden(ReadinessError):
    """The person's roles in the project do not allow the act."""


class Refused(ReadinessError):
    """A rule does not allow the act in the present state."""


class TooLarge(Refused):
    """More bytes than this installation takes; said before they are sent where that is possible."""


class StaleForm(ReadinessError):
    """The row changed since the form was rendered; the answer shows the present row."""


class WrongPassword(ReadinessError):
    """The password given with a signature is wrong."""
