"""The model by itself."""

from service import MODEL, score


def test_a_probability():
    assert 0 < score({"support_calls": 3, "tenure_months": 12}) < 1


def test_more_calls_more_risk():
    few, many = ({"support_calls": calls, "tenure_months": 12} for calls in (0, 9))
    assert score(few) < score(many)


def test_loyalty_counts():
    assert MODEL["weights"]["tenure_months"] < 0
