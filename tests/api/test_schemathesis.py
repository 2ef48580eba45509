"""schemathesis asks every operation of the OpenAPI document, with good and bad values, and finds nothing."""

from __future__ import annotations

import pytest
import schemathesis
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.api.conftest import make_token
from tests.api.world import populate

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())
schema.config.generation.update(allow_x00=False)  # refused everywhere: tests/api/test_hostile.py
# Examples and edge cases of every field come in any case; random values on top of them are few here.
COUNT = 4


@pytest.fixture(autouse=True)
def _one_connection():
    """A request ends with its connection, on which the test's transaction is; Django's client does so too."""
    both = (signals.request_started, signals.request_finished)
    for signal in both:
        signal.disconnect(close_old_connections)
    yield
    for signal in both:
        signal.connect(close_old_connections)


@pytest.fixture
def token(gate, people, project, settings):
    """A token that may do everything that a contributor may, as often as it likes."""
    settings.API_RATE = settings.API_FAILURES = 10_000_000
    populate(gate, people, project)
    return make_token(people.contributor)[1]


def good_shape_is_understood(context, response, case):
    """What fits the schema may name things that are not there; its shape is never what is wrong."""
    if case.meta and case.meta.generation.mode.is_positive:
        assert response.status_code not in {400, 405, 413, 415}, response.text
        if response.status_code == 422:
            assert "errors" not in response.json(), response.text


@schema.parametrize()
@settings(
    max_examples=COUNT,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_operation(case, token):
    """No server error, no undocumented status, no answer that breaks its schema, no bad value accepted."""
    case.call_and_validate(
        headers={"Authorization": f"Bearer {token}"},
        excluded_checks=[positive_data_acceptance],
        additional_checks=[good_shape_is_understood],
    )
