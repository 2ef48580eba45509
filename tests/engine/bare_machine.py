"""A machine that grants nothing but limits, as a container may."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from readiness.engine import child

_REFUSED = """
from readiness.engine import confine as layers
layers._seccomp = lambda **more: False
layers._landlock = lambda *more: 0
layers._leave_network = lambda **more: False
def main() -> None:"""


@pytest.fixture
def bare(monkeypatch):
    """`bare(folder)`: from now on, a child's system calls for the other layers fail."""
    real = Path(child.child_main.__file__)
    script = real.read_text().replace("def main() -> None:", _REFUSED.strip())

    def stand_in(folder):
        place = folder / "engine" / "below" / "child_main.py"
        place.parent.mkdir(parents=True)
        place.write_text(re.sub(r"_ROOT = .*", f"_ROOT = {str(real.parents[2])!r}", script))
        monkeypatch.setattr(child.child_main, "__file__", str(place))

    return stand_in
