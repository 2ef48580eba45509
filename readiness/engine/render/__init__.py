"""Pure functions from a report or a checklist to text: for people, for machines, for the docs."""
