"""The pages of change control: list and changelog, proposing, one proposal with its votes."""

from __future__ import annotations

import pytest

from checklists.actions import control, projects, proposals
from checklists.models import Proposal
from tests.conftest import SOURCE


@pytest.fixture
def made(gate, project, people) -> Proposal:
    """The contributor proposes a higher target."""
    return proposals.propose(
        project=project,
        by=people.contributor,
        kind="threshold",
        title="Raise the target",
        reason="The last releases were above 85 %.",
        link="https://wiki.example/rfc/7",
        text="target_accuracy: 85",
        release=gate.release,
    )


@pytest.fixture
def base(project) -> str:
    """The address of the list."""
    return f"/projects/{project.slug}/changes/"


def test_list_shows_what_waits(client, people, made, base):
    """Who may vote and has not sees that it waits for them; others see the count."""
    client.force_login(people.lead)
    assert "Waits for your vote" in client.get(base).content.decode()
    proposals.vote(proposal=made.pk, by=people.lead, approve=True)
    assert "1 of 2 approvals" in client.get(base).content.decode()
    client.force_login(people.reader)
    page = client.get(base).content.decode()
    assert "1 of 2 approvals" in page
    assert "Propose a change of" not in page


def test_outsider_reader_and_missing(client, people, made, base):
    """An outsider finds nothing; a reader looks and may do nothing; another project's is not found."""
    client.force_login(people.outsider)
    for path in (base, f"{base}{made.pk}/", f"{base}new/threshold"):
        assert client.get(path).status_code == 404
    client.force_login(people.reader)
    assert client.get(f"{base}{made.pk}/").status_code == 200
    assert client.get(f"{base}new/threshold").status_code == 403
    for name in ("vote", "withdraw", "activate"):
        assert client.post(f"{base}{made.pk}/{name}").status_code == 403
        assert client.get(f"{base}{made.pk}/{name}").status_code == 405
    assert client.get(f"{base}999/").status_code == 404
    assert client.get(f"{base}{2**63}/").status_code == 404
    projects.create(by=people.owner, name="Other")
    client.force_login(people.owner)
    assert client.get(f"{base}new/nonsense").status_code == 404
    assert client.get(f"/projects/other/changes/{made.pk}/").status_code == 404


def test_difference_is_signs_and_words(client, people, made, base):
    """Lines carry + and −, not only colours; the reason and the link stand beside."""
    client.force_login(people.reader)
    page = client.get(f"{base}{made.pk}/").content.decode()
    assert "<del><b>−</b>target_accuracy: 80.0</del>" in page
    assert "<ins><b>+</b>target_accuracy: 85.0</ins>" in page
    assert "+1 −1 lines" in page
    assert 'href="https://wiki.example/rfc/7"' in page
    assert "Approve</button>" not in page


def test_hostile_text_is_text(client, gate, people, project, base):
    """A proposal's texts are shown, never run."""
    evil = "<script>alert(1)</script>"
    proposals.propose(
        project=project, by=people.lead, kind="checklist", title=evil, reason=evil,
        text=SOURCE.replace("slug: small", "slug: evil").replace("Nothing open", evil),
    )  # fmt: skip
    client.force_login(people.owner)
    page = client.get(f"{base}{Proposal.objects.get().pk}/").content.decode()
    assert evil not in page
    assert page.count("&lt;script&gt;") >= 3


def test_vote_to_activation(client, people, made, base):
    """Two others approve with the buttons, an owner activates; the changelog says what came of it."""
    one = f"{base}{made.pk}/"
    for person in (people.lead, people.product):
        client.force_login(person)
        assert client.post(f"{one}vote", {"vote": "approve"}).status_code == 303
    client.force_login(people.owner)
    assert "Activate it" in client.get(one).content.decode()
    assert client.post(f"{one}activate").status_code == 303
    page = client.get(base).content.decode()
    assert "In effect" in page
    assert "now promises parameters 2." in page


def test_refusals_keep_what_was_typed(client, people, made, base):
    """A rejection without a reason is refused on the page; a second vote as well."""
    client.force_login(people.lead)
    one = f"{base}{made.pk}/"
    page = client.post(f"{one}vote", {"vote": "reject"}).content.decode()
    assert "Say why" in page
    client.post(f"{one}vote", {"vote": "reject", "comment": "Too early."})
    page = client.post(f"{one}vote", {"vote": "approve", "comment": "Typed at length"}).content.decode()
    assert "This proposal is closed." in page
    made.refresh_from_db()
    assert made.state == "rejected"


def test_own_proposal_has_no_vote(client, gate, people, project, base):
    """Its proposer sees why, and is refused when sending the form anyway."""
    made = proposals.propose(
        project=project, by=people.lead, kind="threshold", title="T", reason="R", text="target_accuracy: 85",
        release=gate.release,
    )  # fmt: skip
    client.force_login(people.lead)
    page = client.get(f"{base}{made.pk}/").content.decode()
    assert "needs the votes of two others" in page
    assert "Withdraw" in page
    assert client.post(f"{base}{made.pk}/vote", {"vote": "approve"}).status_code == 403


def test_propose_starts_from_what_stands(client, gate, people, base):
    """The form holds the present text; sent with another, the proposal's page opens."""
    client.force_login(people.contributor)
    page = client.get(f"{base}new/threshold").content.decode()
    assert "target_accuracy: 80.0" in page
    sent = {
        "of": gate.release.pk,
        "title": "Raise it",
        "reason": "Agreed in March.",
        "link": "",
        "text": "target_accuracy: 90\r\n",
    }
    answer = client.post(f"{base}new/threshold", sent)
    found = Proposal.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{base}{found.pk}/")
    assert found.text == "target_accuracy: 90.0\n"


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("checklist", "no list at all", "Nothing is proposed"),
        ("threshold", "target_accuracy: high", "target_accuracy"),
        ("policy", "required_roles: nobody", "gate.yml"),
    ],
)
def test_what_cannot_work_is_said(client, gate, people, base, kind, text, said):
    """The refusal stands on the page with the text that was typed."""
    client.force_login(people.owner)
    page = client.get(f"{base}new/{kind}").content.decode()
    of = page.partition('name="of" value="')[2].partition('"')[0]
    sent = {"of": of, "title": "T", "reason": "R", "text": text}
    page = client.post(f"{base}new/{kind}", sent).content.decode()
    assert text in page
    assert "notice-error" in page
    assert not Proposal.objects.exists()


def test_checklist_form_offers_the_newest(client, gate, people, base):
    """The checklist that gates use is offered with its source, and a new one without."""
    client.force_login(people.lead)
    page = client.get(f"{base}new/checklist").content.decode()
    assert "small 1.0.0" in page
    assert "Test accuracy meets the target" in page
    empty = client.get(f"{base}new/checklist?of=0").content.decode()
    assert "Test accuracy meets the target" not in empty


def test_control_and_board(client, people, project, base):
    """Owners switch control on and name the board; its end is then among what can be proposed."""
    client.force_login(people.lead)
    assert client.post(f"{base}control").status_code == 403
    assert client.post(f"{base}board", {"address": "a@example.org"}).status_code == 403
    client.force_login(people.owner)
    assert "End of change control" not in client.get(base).content.decode()
    client.post(f"{base}control")
    project.refresh_from_db()
    assert project.change_control
    assert "End of change control" in client.get(base).content.decode()
    assert "not an e-mail address" in client.post(f"{base}board", {"address": "nobody"}).content.decode()
    client.post(f"{base}board", {"address": "board@example.org"})
    project.refresh_from_db()
    assert project.change_board == "board@example.org"


def test_thresholds_under_control(client, gate, people, project):
    """The release's own form is refused with the advice to propose."""
    control.switch_on(project=project, by=people.owner)
    client.force_login(people.owner)
    sent = {"parameter-target_accuracy": "70", "reason": "x", "seen": 1}
    page = client.post(f"/releases/{gate.release.pk}/parameters", sent).content.decode()
    assert "under change control" in page
    assert "Propose the change" in page


def test_other_projects_checklists_stay_hidden(client, gate, people, project):
    """A project's own checklist is neither listed nor opened for who does not belong to it."""
    made = proposals.propose(
        project=project, by=people.lead, kind="checklist", title="T", reason="R",
        text=SOURCE.replace("slug: small", "slug: inner"),
    )  # fmt: skip
    for person in (people.owner, people.product):
        proposals.vote(proposal=made.pk, by=person, approve=True)
    proposals.activate(proposal=made.pk, by=people.owner)
    path = "/checklists/image-classifier-inner/1.0.0/"
    client.force_login(people.reader)
    assert client.get(path).status_code == 200
    assert path in client.get("/checklists/").content.decode()
    client.force_login(people.outsider)
    assert client.get(path).status_code == 404
    assert path not in client.get("/checklists/").content.decode()
