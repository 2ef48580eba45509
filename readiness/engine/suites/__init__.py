"""Readiness suites: commands of a pipeline, judged by their own reports, summed up in a scorecard."""
