"""How many questions an answer asks the database: the same however much there is."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists.actions import gates
from checklists.models import Environment
from tests.api.conftest import Api, make_token
from tests.api.world import OPERATIONS, ask, populate

STATUS = "projects/image-classifier/releases/1.4.0/gate"


@pytest.fixture
def counted(people, project):
    """A client, and how many queries a request of it asks once its token was noted."""
    api = Api(make_token(people.contributor)[1])
    api.get("projects")

    def count(call):
        with CaptureQueriesContext(connection) as asked:
            assert call().status_code in {200, 304}
        return len(asked.captured_queries)

    return api, count


def test_status(counted, gate):
    """Token, gates, and the five or six that load one; unchanged: token and gates."""
    api, count = counted
    assert count(lambda: api.get(STATUS)) == 7
    tag = api.get(STATUS).headers["ETag"]
    assert count(lambda: api.get(STATUS, If_None_Match=tag)) == 2


@pytest.mark.parametrize("name", [n for n in OPERATIONS if n.endswith("_list")])
def test_lists(name, counted, gate, people, project, checklist):
    """A list of many asks as often as a list of few."""
    api, count = counted
    known = populate(gate, people, project)
    few = count(lambda: ask(api, name, known))
    assert few <= 10
    for number in range(3):
        place = Environment.objects.create(project=project, name=f"place-{number}")
        gates.open_gate(release=gate.release, checklist=checklist, environment=place, by=people.contributor)
    assert count(lambda: ask(api, name, known)) == few
