"""Duties kept apart: the database refuses what the function refuses, for rows that no act wrote."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from checklists import duty_triggers, triggers
from checklists.actions import evidence, signoffs
from checklists.loaded import load
from checklists.models import CheckRun, Evidence, GateItem, Person, Release, SignOff
from tests import signing


@pytest.fixture
def row(ready_gate, people):
    """The columns of a real approval by the technical lead, which is withdrawn."""
    signing.approve(gate=ready_gate.pk, role="technical-lead", by=people.lead)
    kept = SignOff.objects.values().get()
    signing.withdraw(gate=ready_gate.pk, by=people.lead, reason="Only for its columns.")
    return kept


def put(row, person, role: str, **more) -> None:
    """Write a sign-off into the table, past every act."""
    changed = {"id": None, "person_id": person.pk, "role": role, "challenge": f"{person.pk:064}"} | more
    with transaction.atomic():
        SignOff.objects.create(**row | changed)


def service(gate, people):
    Person.objects.filter(pk=people.product.pk).update(is_service=True)


def made(gate, people):
    Release.objects.filter(pk=gate.release_id).update(created_by=people.product)


def pushed(gate, people):
    Release.objects.filter(pk=gate.release_id).update(pushed_by=people.product)


def attached(gate, people):
    evidence.attach_link(gate=gate.pk, key="issues", by=people.product, url="https://x.example")


def reported(gate, people):
    CheckRun.objects.filter(pk=GateItem.objects.get(gate=gate, key="weights").run_id).update(
        reported_by="pipeline", requested_by=people.product
    )


RULES = {
    service: "a service account never signs",
    made: "who made the release or pushed its files signs only as technical lead",
    pushed: "who made the release or pushed its files signs only as technical lead",
    attached: "who attached evidence signs only as technical lead",
    reported: "who reported results signs only as technical lead",
}


@pytest.fixture
def lifted_elsewhere(db):
    """Rows can be brought into any state, but the duties stand."""
    triggers.remove(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(duty_triggers.function())
        cursor.execute(duty_triggers.statement(connection.vendor))
    yield
    with connection.cursor() as cursor:
        on = f" ON {duty_triggers.TABLE}" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER {duty_triggers.NAME}{on}")
    triggers.install(connection)


@pytest.mark.parametrize(("deed", "words"), RULES.items(), ids=[deed.__name__ for deed in RULES])
def test_the_database_refuses(ready_gate, people, row, lifted_elsewhere, deed, words):
    """The rule is named; before the deed the same row is taken, and as technical lead after it too."""
    with transaction.atomic():
        put(row, people.product, "product-owner")
        transaction.set_rollback(True)
    deed(ready_gate, people)
    with pytest.raises(IntegrityError, match=words):
        put(row, people.product, "product-owner")
    loaded = load(ready_gate.pk)
    assert signoffs.refusal(loaded, "product-owner", _again(people.product), ["product-owner"])
    if deed is service:
        with pytest.raises(IntegrityError, match=words):
            put(row, people.product, "technical-lead")
    else:
        put(row, people.product, "technical-lead")
        assert not signoffs.refusal(load(ready_gate.pk), "technical-lead", people.product, ["technical-lead"])


def _again(person: Person) -> Person:
    return Person.objects.get(pk=person.pk)


def test_one_person_one_role(ready_gate, people, row):
    """A second role of the same person is refused; another person in it is not."""
    put(row, people.second, "technical-lead")
    with pytest.raises(IntegrityError, match="one person signs in one role"):
        put(row, people.second, "compliance", challenge="b" * 64)
    put(row, people.compliance, "compliance")


def test_what_is_not_in_force_is_free(ready_gate, people, row):
    """A withdrawal is recorded whatever the person did since; evidence taken off binds nobody."""
    signing.approve(gate=ready_gate.pk, role="product-owner", by=people.product)
    attached(ready_gate, people)
    signing.withdraw(gate=ready_gate.pk, by=people.product, reason="I looked myself.")
    with pytest.raises(IntegrityError):
        put(row, people.product, "product-owner")
    evidence.remove(gate=ready_gate.pk, key="issues", by=people.product, evidence=Evidence.objects.get().pk)
    put(row, people.product, "product-owner")


def test_it_stands(db):
    """The trigger is among those whose absence stops the start."""
    assert triggers.missing(connection) == []
    triggers.remove(connection)
    assert duty_triggers.NAME in triggers.missing(connection)
    triggers.install(connection)
    assert triggers.missing(connection) == []


@pytest.mark.django_db
def test_migrations_may_remake_the_tables_it_reads():
    """SQLite refuses to rename a table that a trigger of another one reads: it stands aside meanwhile."""
    triggers.before_migrate(using="default")
    assert (duty_triggers.NAME in triggers.missing(connection)) == (connection.vendor == "sqlite")
    triggers.after_migrate(using="default")
    assert triggers.missing(connection) == []
