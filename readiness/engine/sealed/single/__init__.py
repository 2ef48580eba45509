"""The verifier in one file, `verify.py`, which lies in every audit bundle; nothing here imports it."""
