"""Settings of the audit log: bad ones stop the start and are named."""

from __future__ import annotations

import pytest

from checklists.audit_checks import check_audit

BAD = [
    ({"CHECKPOINT_MINUTES": 0}, "READINESS_CHECKPOINT_MINUTES is 0"),
    ({"CHECKPOINT_FILE": "relative.txt"}, "is no file in a directory"),
    ({"CHECKPOINT_FILE": "/no/such/folder/x"}, "is no file in a directory"),
    ({"CHECKPOINT_MAIL": ["a@example.org"], "EMAIL_HOST": ""}, "no mail server"),
    ({"CHECKPOINT_MAIL": ["nobody"], "EMAIL_HOST": "mail"}, "has 'nobody'"),
]


@pytest.mark.parametrize(("changed", "why"), BAD)
def test_bad_settings(settings, changed, why):
    """Each is one error."""
    for name, value in changed.items():
        setattr(settings, name, value)
    (problem,) = check_audit()
    assert problem.id == "readiness.E014"
    assert why in problem.msg


def test_good_settings(settings, tmp_path):
    """Defaults, and all of it set."""
    assert check_audit() == []
    settings.CHECKPOINT_FILE, settings.CHECKPOINT_MAIL = str(tmp_path / "x"), ["a@example.org"]
    settings.EMAIL_HOST = "mail"
    assert check_audit() == []
