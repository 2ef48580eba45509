"""Readiness: production-readiness gates for models and services."""

__version__ = "0.1.0"
