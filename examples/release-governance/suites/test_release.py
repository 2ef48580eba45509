"""The parts of the release together."""

import json

from service import MODEL, ROOT, score


def test_the_interface_offers_the_score():
    interface = json.loads((ROOT / "dist" / "openapi.json").read_text(encoding="utf-8"))
    assert "/score" in interface["paths"]


def test_the_model_knows_what_it_needs():
    assert score(dict.fromkeys(MODEL["weights"], 0)) < 0.5


def test_the_configuration_names_the_model():
    assert "path: model.json" in (ROOT / "config" / "service.yml").read_text(encoding="utf-8")
