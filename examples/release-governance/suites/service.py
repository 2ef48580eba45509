"""The service's one function: how likely a customer is to leave."""

import json
import math
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODEL = json.loads((ROOT / "dist" / "model.json").read_text(encoding="utf-8"))


def score(customer):
    """A probability between 0 and 1."""
    weights = MODEL["weights"]
    total = MODEL["intercept"] + sum(weight * customer[name] for name, weight in weights.items())
    return 1 / (1 + math.exp(-total))
