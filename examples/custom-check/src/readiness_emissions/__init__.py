"""A kind of check for Readiness: what a training emitted."""
