"""Data contracts: what a run's tables must be, and the decision that follows (`readiness decide`)."""
