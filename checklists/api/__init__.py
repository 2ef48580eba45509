"""The API: /api/v1, for pipelines. Every module of this package that has a `router` is part of it (root.py).

- door.py: who may come in; every view takes its project, release or gate from there
- problems.py: every error as problem details
- shapes.py: fields that several answers share
"""
