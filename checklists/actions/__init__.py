"""The acts: the only code that writes the gate's tables.

One function per act, keyword-only, typed. Each holds permission, write and audit entry in one transaction,
raises the gate's revision, and raises a child of ReadinessError when it may not happen; then nothing changed.
"""
