"""Signed records that anybody verifies offline: keys, envelopes, checkpoints, the audit log, bundle, PDF.

    keys.py         Ed25519 keys, their ids and windows of validity; the file that `--key` names
    dsse.py         one in-toto statement in one DSSE envelope, in one canonical form
    statements.py   what the installation states: sign-offs of gates, reports, bundles
    checkpoint.py   the head of an audit stream as a signed note (C2SP tlog-checkpoint form)
    canonical_zip.py  the only form of a bundle's ZIP

What makes them and what verifies them lies side by side, so that a change of one shows in the other.
"""
