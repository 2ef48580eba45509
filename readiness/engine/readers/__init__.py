"""Readers of what tools write: strict data files, numbers with units, metrics, documents, requirements."""
