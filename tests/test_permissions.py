"""The table of who may do what, cell by cell, as DESIGN has it."""

from __future__ import annotations

import itertools

import pytest

from checklists.models import MemberRole
from checklists.permissions import TABLE, Act, may, may_drop, why_not_sign

# Columns: owner, contributor, technical lead, product owner, compliance, reader, auditor.
COLUMNS = ("owner", "contributor", "technical-lead", "product-owner", "compliance", "reader", "auditor")
EXPECTED = {
    Act.READ: "yyyyyyy",
    Act.EXPORT: "yyyyyyy",
    Act.CREATE_RELEASE: "yyy----",
    Act.RUN_CHECKS: "yyy----",
    Act.TICK: "yyy----",
    Act.NOT_APPLICABLE: "yyy----",
    Act.ATTACH: "yyyyy--",
    Act.NOTE: "yyyyy--",
    Act.SIGN: "--yyy--",
    Act.DROP_ROLE: "y--yy--",
    Act.MEMBERS: "y------",
    Act.PARAMETERS: "y------",
    Act.ENVIRONMENTS: "y------",
    Act.ASK_WAIVER: "yyy----",
    Act.DECIDE_WAIVER: "---yy--",
    Act.REHEARSE: "yyy----",
    Act.REGISTER: "yyy----",
    Act.DECIDE_DEPLOYMENT: "yyy----",
    Act.DEPLOY: "yyy----",
    Act.PROPOSE: "yyyyy--",
    Act.VOTE: "y-yyy--",
    Act.STAGES: "y------",
    Act.TOKENS: "y------",
    Act.WEBHOOKS: "y------",
}


def test_every_act_has_a_row():
    """An act without a row here, or a role without a column, fails."""
    assert set(EXPECTED) == set(Act) == set(TABLE)
    assert set(COLUMNS) == set(MemberRole.values)


@pytest.mark.parametrize(
    ("act", "role", "allowed"),
    [
        (act, role, cell == "y")
        for act, row in EXPECTED.items()
        for role, cell in zip(COLUMNS, row, strict=True)
    ],
)
def test_cell(act, role, allowed):
    """One cell of the table."""
    assert may([role], act) is allowed


@pytest.mark.parametrize("act", list(Act))
def test_outsider(act):
    """Without a role nothing is allowed."""
    assert not may([], act)


def test_several_roles_add_up():
    """Somebody with two roles may do what either may."""
    assert may(["reader", "compliance"], Act.SIGN)
    assert may(["reader", "contributor"], Act.TICK)


@pytest.mark.parametrize(("role", "target"), list(itertools.product(COLUMNS, COLUMNS[2:5])))
def test_dropping(role, target):
    """Owners drop any conditional role; product owner and compliance only their own."""
    assert may_drop([role], target) is (role == "owner" or (role == target and target != "technical-lead"))


SIGNING = COLUMNS[2:5]


@pytest.mark.parametrize(
    ("role", "held", "made", "attached", "signed_as"),
    list(itertools.product(SIGNING, COLUMNS, [False, True], [False, True], [None, *SIGNING])),
)
def test_duties_kept_apart(role, held, made, attached, signed_as):
    """All combinations: in one's own role, one role per person, makers only as technical lead."""
    why = why_not_sign(
        role=role, roles=[held], made_release=made, attached_evidence=attached, signed_as=signed_as
    )
    allowed = (
        held == role and signed_as in (None, role) and (role == "technical-lead" or not (made or attached))
    )
    assert (why == "") is allowed


@pytest.mark.parametrize("role", ["owner", "contributor", "reader", "somebody"])
def test_other_roles_never_sign(role):
    """Owner, contributor and reader are no signing roles, even for who holds them."""
    if role in MemberRole.values:
        assert why_not_sign(
            role=role, roles=COLUMNS, made_release=False, attached_evidence=False, signed_as=None
        )
