"""How many write how often; apart from writers.py, which needs a database of its own to be imported."""

WRITERS, ROUNDS = 8, 12
