"""Requirements files and conda environments: true lines, circles, and no other error than ours."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed

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


def test_a_file_may_be_included_twice(run):
    """Two files that both need a third are no circle, and it counts once."""
    files = {FILE: "-r a.txt\n-r b.txt\n", "a.txt": "-r c.txt\n", "b.txt": "-r ./c.txt\n", "c.txt": "c==1\n"}
    assert [r.name for r in requirements.read(run(files), FILE)] == ["c"]


def test_an_include_may_go_up_inside_the_run(run):
    """`-r ../base.txt` is how folders of requirements are written."""
    files = {"more/dev.txt": "-r ../base.txt\n", "base.txt": "a==1\n"}
    assert [r.file for r in requirements.read(run(files), "more/dev.txt")] == ["base.txt"]


@pytest.mark.parametrize(
    ("constraints", "pinned"),
    [
        ("a==2\n", True),
        ("A == 2.0\n", True),
        ("a>=2\n", False),
        ("b==2\n", False),
        ("a==2 ; python_version < '3'\n", False),
        ("-r deeper.txt\n", True),
        ("-c deeper.txt\n", True),
    ],
)
def test_constraints(run, constraints, pinned):
    """A constraints file pins what the requirement leaves open, and requires nothing by itself."""
    files = {FILE: "a\n-c c.txt\n", "c.txt": constraints, "deeper.txt": "a==2\n"}
    assert [(r.name, r.pinned) for r in requirements.read(run(files), FILE)] == [("a", pinned)]


def test_a_file_that_constrains_is_still_required(run):
    """What is read as constraints first is not left out as requirements."""
    files = {FILE: "-c b.txt\n-r b.txt\n", "b.txt": "a==1\nloose\n"}
    assert [(r.name, r.pinned) for r in requirements.read(run(files), FILE)] == [
        ("a", True),
        ("loose", False),
    ]


def test_constraints_in_a_circle_end(run):
    """Also where a file constrains itself."""
    with pytest.raises(BadContent, match="circle"):
        requirements.read(run({FILE: f"a\n-c {FILE}\n"}), FILE)


@pytest.mark.parametrize(
    ("line", "pinned"),
    [
        (f"a>=1 --hash=sha256:{HASH}", False),
        (f"a==1 --hash=sha256:{HASH} --config-settings=x=y", True),
        ('a==1 --config-settings "x=y z"', True),
        (f"https://x.y/a.whl --hash=sha256:{HASH}", True),
        (f"https://x.y/a.whl#egg=a&sha256={HASH}", True),
        ("https://x.y/a.whl#md5=0", False),
        (f"-e git+https://x.y/a@{'b' * 40}#egg=a&subdirectory=x", True),
        ("-e git+https://x.y/a@v1.2.0#egg=a", False),
        ("git+ssh://git@x.y/a@abc1234", False),
        (f"git+ssh://git@x.y/a@{'b' * 40}", True),
        ("hg+https://x.y/a", False),
        ("file:///wheels/a.whl", False),
        ("./a", False),
        ("/a", False),
        ("a[b,c] == 1 ; sys_platform == 'linux' and extra == 'x'", True),
        ("a==1,<2", True),
        ("a==1!2.0+cu118", True),
    ],
)
def test_what_pins(run, line, pinned):
    """Versions, hashes and full commits pin; ranges, tags, abbreviations and folders do not."""
    assert [r.pinned for r in requirements.read(run({FILE: line}), FILE)] == [pinned]


@pytest.mark.parametrize(
    "line",
    ["git+https://me:s3cret@x.y/a@main", "-e git+https://s3cret@x.y/a", "a @ https://me:s3cret@x.y/a.whl"],
)
def test_passwords_in_links_are_not_shown(run, line):
    """Findings are stored and shown: what stands before the @ of a host is left out."""
    assert "s3cret" not in repr(requirements.read(run({FILE: line}), FILE))


NAME = st.from_regex(r"[a-zA-Z][a-zA-Z0-9._-]{0,6}[a-zA-Z0-9]", fullmatch=True)
VERSION = st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2}){0,2}(rc[0-9]|\.post[0-9]|\+cpu)?", fullmatch=True)
OPERATOR = st.sampled_from(["==", "===", ">=", "~=", "!=", "<", ""])
MARKER = st.sampled_from(["", " ; python_version < '3.12'", ";sys_platform=='linux'"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    NAME, st.sampled_from(["", "[x]", "[x, y]"]), OPERATOR, VERSION, MARKER, st.sampled_from(["", "  # why"])
)
def test_as_packaging_reads_it(run, name, extras, operator, version, marker, comment):
    """Name, marker and the pinned version are those that the packaging library reads."""
    line = f"{name}{extras}{operator}{version if operator else ''}{marker}"
    try:
        known = Parsed(line)
    except InvalidRequirement:
        with pytest.raises(BadContent):
            requirements.read(run({FILE: line + comment}), FILE)
        return
    (found,) = requirements.read(run({FILE: line + comment}), FILE)
    assert (found.name, found.when) == (known.name, str(known.marker or ""))
    assert found.pinned == (operator in ("==", "==="))
    if found.pinned:
        assert found.version == version.split("+")[0]
        assert known.specifier.contains(version, prereleases=True)
