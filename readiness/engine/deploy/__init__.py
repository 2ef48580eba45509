"""The deployment gate: a release manifest and a configuration in, a decision with its reasons out.

`manifest` and `config` are what people write, `facts` what was found on disk, `decision.decide` judges.
Nothing here reads a clock; `collect`, `looking` and `keys` read files, the rest is pure.
"""
