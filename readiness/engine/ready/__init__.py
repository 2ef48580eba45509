"""The run validator: is this run directory fit for production? Seven checks, one report."""
