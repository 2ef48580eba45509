"""Published checklists."""

from __future__ import annotations

from pathlib import Path

from checklists.actions import library


def test_visitor_signs_in_first(client, checklist):
    """Checklists are for people with an account."""
    assert client.get("/checklists/").status_code == client.get("/checklists/small/1.0.0/").status_code == 302


def test_everybody_with_an_account_reads(client, people, checklist):
    """A checklist belongs to no project: an outsider of every project reads it too."""
    client.force_login(people.outsider)
    assert "8 items, 3 with scripted checks, 3 roles sign" in client.get("/checklists/").content.decode()
    page = client.get("/checklists/small/1.0.0/").content.decode()
    for words in (
        "At least the target",
        "(a person confirms)",
        "<code>metric</code>",
        "key: test.accuracy",
        "export the model",
        "default 80 %",
        "Technical lead",
        "conditional",
        checklist.sha256,
    ):
        assert words in page


def test_only_get_and_no_other_version(client, people, checklist):
    """Pages are only read; an unknown version is not there."""
    client.force_login(people.reader)
    assert (
        client.post("/checklists/").status_code == client.post("/checklists/small/1.0.0/").status_code == 405
    )
    assert client.get("/checklists/small/9.9.9/").status_code == 404


def test_empty_state(client, people):
    """Without a checklist the page names the command that publishes one."""
    client.force_login(people.reader)
    assert "manage.py import_checklist" in client.get("/checklists/").content.decode()


def test_built_in_checklist_is_shown_whole(client, people):
    """All 24 items of the built-in checklist stand on its page."""
    source = Path(library.__file__).parents[1] / "library" / "ml-production-readiness.md"
    version = library.publish(source=source.read_text(), by=None)
    client.force_login(people.reader)
    page = client.get(f"/checklists/{version.slug}/{version.version}/").content.decode()
    assert page.count('<article class="spec"') == 24
    assert "style=" not in page
