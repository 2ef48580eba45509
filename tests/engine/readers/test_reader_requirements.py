"""Requirements files and conda environments: true lines, circles, and no other error than ours."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.engine.errors import BadContent, CheckProblem
from readiness.engine.readers import requirements

HASH = "a" * 64
FILE = "r.txt"


def test_includes_keep_their_own_file_and_line(run):
    """A requirement is named with the file that holds it, in whatever folder."""
    files = {
        FILE: "a==1\n-r more/b.txt\n\nz==3\n",
        "more/b.txt": "# b\n-r c.txt\n",
        "more/c.txt": "\n\nc==2\n",
    }
    found = requirements.read(run(files), FILE)
    assert [(r.name, r.file, r.line) for r in found] == [
        ("a", FILE, 1),
        ("c", "more/c.txt", 3),
        ("z", FILE, 4),
    ]


@pytest.mark.parametrize(
    "files",
    [
        {FILE: f"-r {FILE}\n"},
        {FILE: "-r b.txt\n", "b.txt": f"-r {FILE}\n"},
        {FILE: "-r ./b.txt\n", "b.txt": f"-r ./{FILE}\n"},
        {FILE: "-r 0.txt\n"} | {f"{n}.txt": f"-r {n + 1}.txt\n" for n in range(40)},
    ],
    ids=["itself", "each other", "by another name", "a long chain"],
)
def test_circles_end(run, files):
    """Files that include each other are refused, also under another spelling of the name."""
    with pytest.raises(BadContent, match="circle"):
        requirements.read(run(files), FILE)


@pytest.mark.parametrize("path", ["../r.txt", "/etc/passwd", "b/../../r.txt"])
def test_an_include_never_leaves_the_run(run, path):
    """It is refused by name, and nothing outside is read."""
    with pytest.raises(CheckProblem):
        requirements.read(run({FILE: f"-r {path}\n"}), FILE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings(run, encoding, end):
    """What PowerShell's `pip freeze >` writes is read with the same lines; a joined line keeps its first."""
    text = f"# größe{end}a==1{end}b==2 \\{end}  --hash=sha256:{HASH}{end}c>=1{end}"
    found = requirements.read(run({FILE: text.encode(encoding)}), FILE)
    assert [(r.name, r.line, r.pinned) for r in found] == [("a", 2, True), ("b", 3, True), ("c", 5, False)]


GOOD = ["a==1", "b===2.0", f"c==1 --hash=sha256:{HASH}", f"d @ git+https://x.y/d@{'b' * 40}"]
LOOSE = [
    "e",
    "e>=1",
    "e==1.*",
    "e~=1.0",
    "-e .",
    "./e",
    "git+https://x.y/e@main",
    "https://x.y/e.whl",
    "e!=1",
]
QUIET = ["", "# a comment", "--pre", "-i https://x.y", "   "]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(GOOD + LOOSE + QUIET), max_size=12))
def test_every_line_is_counted_once(run, lines):
    """Each requirement comes with its own line, pinned or not; nothing is lost or added."""
    found = requirements.read(run({FILE: "\n".join(lines)}), FILE)
    wanted = [(number, text in GOOD) for number, text in enumerate(lines, 1) if text not in QUIET]
    assert [(r.line, r.pinned) for r in found] == wanted


NAMES = ["r.txt", "r.yml"]
TEXT = st.text(alphabet="ab=<>~!*.1 -@#[];'\"\\\n:/{}", max_size=60)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(NAMES), TEXT | TEXT.map(lambda t: f"dependencies:\n  - {t}\n") | st.binary(max_size=40)
)
def test_any_text(run, name, text):
    """Whatever the file holds: requirements, or one of our errors."""
    try:
        found = requirements.read(run({name: text}), name)
    except CheckProblem:
        return
    assert all(r.line >= 1 and r.text for r in found)
