"""One file per kind of check; importing a module declares its kind (see engine/registry.py)."""
