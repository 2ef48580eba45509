"""What CI asks: may this release go?"""

from __future__ import annotations

from tests.conftest import run_checks

URL = "projects/image-classifier/releases/1.4.0/gate"


def test_fresh_gate(api, gate):
    """Everything is open: verdict, counts, and each blocker with what resolves it and where."""
    answer = api.get(f"{URL}?environment=production")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert told["verdict"] == "open"
    assert told["counts"]["open"] == told["counts"]["total"] == 8
    assert [one["id"] for one in told["gates"]] == [gate.pk]
    first = told["blockers"][0]
    assert first["title"] == "Weights are there"
    assert first["resolve"] == "Run its checks."
    assert first["url"] == f"http://localhost:8000/gates/{gate.pk}/#item-weights"


def test_no_gate(api, release):
    """404 with advice, and with the environments there are."""
    told = api.get(f"{URL}?environment=production").json()
    assert told["status"] == 404
    assert "POST /api/v1/projects/image-classifier/releases/1.4.0/gates" in told["advice"]
    assert api.get(f"{URL}?environment=moon").json()["advice"] == "There are: production, staging."


def test_polling(api, gate, people):
    """An unchanged gate is 304; one that changed is told anew."""
    first = api.get(URL)
    tag = first.headers["ETag"]
    again = api.get(URL, If_None_Match=tag)
    assert (again.status_code, again.content) == (304, b"")
    run_checks(gate, people.lead)
    later = api.get(URL, If_None_Match=tag)
    assert later.status_code == 200
    assert later.json()["counts"]["passed"] == 2
