"""Verifying quickly: the quick bytes are the exact ones, and the exact way decides where they are not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from checklists import audit, audit_chain, audit_rows, clock
from checklists.models import AuditEntry
from readiness.engine import seal

# Keys of the basic plane: beyond it RFC 8785 orders by halves of characters, and the exact way decides.
KEYS = st.text(st.characters(max_codepoint=0xD7FF, exclude_characters="\0"), max_size=6)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | TEXTS | NUMBERS


def nested(keys):
    """Data as entries hold it."""
    return st.dictionaries(
        keys,
        LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(keys, LEAVES, max_size=3),
        max_size=3,
    )


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(nested(KEYS), TEXTS, st.none() | st.integers(0, 2**31))
@example({"a": 1e21, "b": -0.0, "c": 1e-7, "d": 80.0, "e": 5e-324}, '\x7f\x1f\u2028"\\/', None)
def test_quick_is_exact(data, text, number):
    """Byte for byte as RFC 8785 has it, fractions included."""
    content = {
        "stream": "gate:1", "seq": 1, "at": "x", "actor_id": number, "actor_name": text, "verb": "v",
        "subject": text, "revision": number, "data": data,
    }  # fmt: skip
    row = audit_rows.Row(**content | {"data": audit_chain.quick_decode(json.dumps(data))})
    assert audit_chain.quick_encode(row) == seal.canonical(content)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
    deadline=None,
)
@given(nested(TEXTS))
@example({"\U0001f600": 1, "\ufb33": 2})
@example({"large": 4.402953347791482e16, "larger": 1e300})
def test_whatever_an_act_logs_verifies(db, data):
    """Keys beyond the basic plane and huge fractions too, as the database gives them back."""
    with transaction.atomic():
        audit.append("project:1", by=None, verb="item.ticked", at=clock.now(), data=data)
        assert audit_chain.verify("project:1") is None
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "at", [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)]
)
def test_whole_seconds(db, at):
    """SQLite leaves out their fraction."""
    with transaction.atomic():
        audit.append("project:1", by=None, verb="item.ticked", at=at)
    assert audit_chain.verify("project:1") is None


ODD = [
    'data = \'{"a": 1, "a": 2}\'',
    "data = '{\"a\": 2'",
    "data = 'null'",
    "data = '{\"a\": NaN}'",
    "data = x'00ff'",
    "at = '2026-01-01x00:00:00'",
    "at = ''",
    "at = 5",
    "seq = 'one'",
    "actor_id = 'x'",
    "actor_name = x'ff'",
    "revision = 1.5",
    "previous = 'ä'",
    "hash = ''",
]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL takes no value of another type")
@pytest.mark.parametrize("change", ODD)
def test_odd_values(db, lifted_triggers, change):
    """What only SQLite lets somebody write: named, never an exception, never OK."""
    with transaction.atomic():
        audit.append("project:1", by=None, verb="item.ticked", at=clock.now(), data={"a": 1})
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute(f"UPDATE checklists_auditentry SET {change} WHERE stream = 'project:1'")
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    assert audit_chain.verify("project:1")


def test_entries_without_their_stream(db, lifted_triggers):
    """Entries whose stream has no row of its own."""
    AuditEntry.objects.create(stream="gate:5", seq=1, at=clock.now(), verb="x", previous="", hash="")
    assert audit_chain.verify("gate:5").why == "the row of the stream is missing"
    assert "gate:5" in audit_chain.names()
