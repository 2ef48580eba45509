"""The kind `sklearn`: real models of several versions pass with what they say, nothing is ever unpickled."""

import bz2
import gzip
import json
import lzma
import pickle
import struct
import sys
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hostile_pickles import laughs, opcode_tricks, tuple_laughs
from hypothesis import given, settings
from hypothesis import strategies as st
from test_checkpoint import Attack
from torch_files import dictionary, many, name, number, pickled, text

from readiness.engine.checklist import CheckSpec
from readiness.engine.errors import BadContent, CheckProblem
from readiness.engine.outcome import Outcome
from readiness.engine.runner import run_check
from readiness.engine.sklearn_task import inspect
from readiness.engine.target import RunDirectory

FIXTURES = Path(__file__).parents[2] / "fixtures" / "models"
FOLDERS = sorted(path.name for path in FIXTURES.glob("sklearn-*"))
NEW = FIXTURES / "sklearn-1.9"
FEATURES = ["age", "income", "visits", "score"]


def judge(folder, data, **params):
    (folder / "model.pkl").write_bytes(data)
    spec = CheckSpec(kind="sklearn", params={"file": "model.pkl"} | params)
    return run_check(spec, RunDirectory(folder), {}, required=True).finding


def on(folder, file, **params):
    spec = CheckSpec(kind="sklearn", params={"file": file} | params)
    return run_check(spec, RunDirectory(FIXTURES / folder), {}, required=True).finding


def in_process(folder, data, **payload):
    """The child's function called here, where many calls must be quick."""
    path = folder / "model.pkl"
    path.write_bytes(data)
    with path.open("rb") as file:
        return inspect({"name": "model.pkl", "key": None, "trusted": []} | payload, [file.fileno()])


@pytest.mark.parametrize("folder", FOLDERS)
def test_seed_model_with_its_metadata(folder):
    """The forest of the seed passes with class, version and the names that its metadata lists."""
    version = folder.removeprefix("sklearn-")
    found = on(
        folder,
        "random_forest_tuned.pkl",
        estimator="RandomForestClassifier",
        version=f"=={version}.*",
        features=FEATURES,
        n_features=4,
        metadata={"file": "random_forest_tuned_metadata.json", "version": "sklearn_version"},
    )
    assert found.outcome is Outcome.PASS, found.message
    assert "4 named features" in found.message
    assert found.details["features"] == FEATURES
    assert found.details["isolation"].startswith("rlimit")


FORMS = sorted({path.name for folder in FOLDERS for path in (FIXTURES / folder).glob("forest*")})


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_form_says_the_same(tmp_path, folder, form):
    """Each pickle protocol and each compression of joblib gives the same model."""
    seen = in_process(tmp_path, (FIXTURES / folder / form).read_bytes())
    plain = in_process(tmp_path, (FIXTURES / folder / "random_forest_tuned.pkl").read_bytes())
    same = ("estimator", "versions", "features", "n_features", "classes", "fitted")
    assert {key: seen[key] for key in same} == {key: plain[key] for key in same}
    assert seen["writer"] == ("joblib" if form.endswith("joblib") else "pickle")


ESTIMATORS = sorted(path.name for path in NEW.glob("*.joblib") if not path.name.startswith("forest"))


@pytest.mark.parametrize("file", [*ESTIMATORS, *(name.replace("joblib", "pkl") for name in ESTIMATORS)])
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_family_is_understood(tmp_path, folder, file):
    """Pipelines, searches, ensembles, neighbours, networks: all are read, all are fitted."""
    seen = in_process(tmp_path, (FIXTURES / folder / file).read_bytes())
    assert seen["fitted"] is True
    assert [version[:3] for version in seen["versions"]] == [folder.removeprefix("sklearn-")]


WRONG = [
    ({"estimator": "SVC"}, "estimator is RandomForestClassifier, needs SVC"),
    ({"estimator": "sklearn.svm._classes.SVC"}, "needs sklearn.svm._classes.SVC"),
    ({"version": "1.2.2"}, "needs scikit-learn 1.2.2"),
    ({"version": "<1.5"}, "needs scikit-learn <1.5"),
    ({"features": FEATURES[::-1]}, "feature names differ: the model has age, income"),
    ({"features": []}, "feature names differ"),
    ({"n_features": 5}, "features is 4, needs 5"),
]


@pytest.mark.parametrize(("params", "words"), WRONG)
def test_another_model_fails(params, words):
    """Another class, version, feature list or number is FAIL with what was found."""
    found = on("sklearn-1.9", "forest.joblib", **params)
    assert (found.outcome, words in found.message) == (Outcome.FAIL, True), found.message
    assert found.advice


METADATA = [
    ({"feature_names": FEATURES}, Outcome.PASS, "4 named features"),
    ({"feature_names": FEATURES[:3]}, Outcome.FAIL, "feature names differ"),
    ({"feature_names": sorted(FEATURES)}, Outcome.FAIL, "feature names differ"),
    ({"feature_names": []}, Outcome.FAIL, "is not a list of names"),
    ({"feature_names": "age"}, Outcome.FAIL, "is not a list of names"),
    ({"features": FEATURES}, Outcome.FAIL, "has no feature_names"),
]


@pytest.mark.parametrize(("metadata", "outcome", "words"), METADATA)
def test_metadata_is_compared(tmp_path, metadata, outcome, words):
    """The metadata's feature list must be the model's, in its order."""
    (tmp_path / "meta.json").write_text(json.dumps(metadata))
    found = judge(tmp_path, (NEW / "forest.joblib").read_bytes(), metadata={"file": "meta.json"})
    assert (found.outcome, words in found.message) == (outcome, True), found.message


def test_metadata_of_another_version(tmp_path):
    """Metadata that names another scikit-learn version than the model is FAIL."""
    (tmp_path / "meta.json").write_text(json.dumps({"feature_names": FEATURES, "v": "1.2.2"}))
    params = {"metadata": {"file": "meta.json", "version": "v"}}
    found = judge(tmp_path, (NEW / "forest.joblib").read_bytes(), **params)
    assert (found.outcome, "needs one of 1.9.1" in found.message) == (Outcome.FAIL, True), found.message


def test_model_without_names(tmp_path):
    """A model fitted on arrays keeps no names: metadata is compared by count and warns, `features` fails."""
    data = (NEW / "logistic.joblib").read_bytes()
    (tmp_path / "meta.json").write_text(json.dumps({"feature_names": FEATURES}))
    assert judge(tmp_path, data, metadata={"file": "meta.json"}).outcome is Outcome.WARN
    (tmp_path / "meta.json").write_text(json.dumps({"feature_names": FEATURES[:2]}))
    assert judge(tmp_path, data, metadata={"file": "meta.json"}).outcome is Outcome.FAIL
    named = judge(tmp_path, data, features=FEATURES)
    assert (named.outcome, "keeps no feature names" in named.message) == (Outcome.FAIL, True)


def model(module="sklearn.svm._classes", cls="SVC", *, more=b"", **state):
    """A fitted estimator, made by hand."""
    held = {"_sklearn_version": text("1.5.0"), "n_features_in_": number(2)} | state
    return name(module, cls) + b")\x81" + dictionary(**held) + b"b" + more


def test_model_by_hand(tmp_path):
    """The estimator made by hand passes: the tables below break one thing at a time."""
    found = judge(tmp_path, pickled(model()))
    assert found.outcome is Outcome.PASS, found.message
    assert "SVC, scikit-learn 1.5.0, 2 features" in found.message


def dtype(code, state=b""):
    return name("numpy", "dtype") + many(text(code), b"\x89", b"\x88") + b"R" + state


def wrapper(code="f8", shape=(2,), raw=bytes(16), *, state=b"", order="C", subclass="ndarray", align=b"N"):
    """A joblib array: the wrapper and the bytes behind it."""
    held = {
        "subclass": name("numpy", subclass),
        "shape": many(*map(number, shape)),
        "order": text(order),
        "dtype": dtype(code, state),
        "numpy_array_alignment_bytes": align,
    }
    return name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81" + dictionary(**held) + b"b" + raw


def joblib_model(array):
    return pickled(model(coef_=array))


FLEXIBLE = many(number(3), text("<"), b"N", b"N", b"N", number(80), number(4), number(8)) + b"b"
HIDDEN = many(number(3), text("|"), b"N", b"N", b"N", number(-1), number(-1), number(63)) + b"b"
ARRAY = name("numpy.core.multiarray", "_reconstruct") + many(
    name("numpy", "ndarray"), many(number(0)), b"C\x01b"
) + b"R"  # fmt: skip


def objects(value):
    """An array of one object, as NumPy pickles it."""
    state = many(number(1), many(number(1)), dtype("O8"), b"\x89", b"](" + value + b"e")
    return ARRAY + state + b"b"


GOOD_ARRAYS = [
    wrapper(),
    wrapper("O8", (1,), pickled(objects(text("a")))),
    wrapper("i4", (2, 2), b"\x03\xff\xff\xff" + bytes(16), align=number(16)),
    wrapper("f8", (0,), b""),
    wrapper("f8", (), bytes(8)),
]


CANARY = name("os", "system") + many(text("touch canary")) + b"R"


def skipped_by_joblib(code, size):
    """What this reader would take for text and joblib for `size` bytes of numbers and opcodes behind them."""
    inside = bytes(size - 5) + CANARY + b"."
    return wrapper(code, (1,), b"B" + struct.pack("<I", len(inside)) + inside + b"0")


def skipped_here():
    """In the pickle of an array of objects, which joblib reads without looking for further arrays."""
    hidden = CANARY + b"." + bytes(-len(CANARY + b".") % 8)
    inner = pickled(wrapper("f8", (len(hidden) // 8,), hidden) + b"0" + objects(text("a")))
    return wrapper("O8", (1,), inner)


TWO_WAYS = [
    *(skipped_by_joblib(order + code, 8) for order in ("", "<", "|") for code in "bifc"),
    skipped_here(),
    wrapper(
        "O8", (1,), pickled(name("joblib.numpy_pickle", "NumpyArrayWrapper") + b"0" + objects(text("a")))
    ),
]


@pytest.mark.parametrize("array", TWO_WAYS)
def test_nothing_hides_between_two_readers(tmp_path, array):
    """Bytes that this reader skips and joblib reads, or the other way round, never pass."""
    found = judge(tmp_path, joblib_model(array))
    assert found.outcome is Outcome.FAIL, found.message


def called(module, attribute, *arguments):
    return name(module, attribute) + many(*arguments) + b"R"


LISTED = name("sklearn.metrics._scorer", "get_scorer")
NUMPY_TEXT = called(
    "numpy.core.multiarray", "scalar", dtype("U12"), b"C0" + "__setstate__".encode("utf-32-le")
)
INDIRECT = [
    called("numpy.random._pickle", "__randomstate_ctor", text("x"), LISTED),
    called("numpy.random._pickle", "__generator_ctor", text("x"), LISTED),
    called("numpy.random._pickle", "__bit_generator_ctor", LISTED),
    called("copyreg", "_reconstructor", name("sklearn.svm", "SVC"), text("object"), b"N"),
    called(
        "copyreg", "_reconstructor", name("sklearn.svm", "SVC"), name("sklearn.metrics", "an_object"), b"N"
    ),
    model(__setstate__=LISTED) + text("x") + b"b",
    model(__setstate__=LISTED),
    name("sklearn.svm", "SVC") + b")\x81}" + NUMPY_TEXT + LISTED + b"sb",
    name("sklearn.svm", "SVC") + b")\x81N" + dictionary(__class__=LISTED) + b"\x86b",
    name("collections", "OrderedDict") + b")R" + dictionary(__setstate__=LISTED) + b"b",
]


@pytest.mark.parametrize("value", INDIRECT)
def test_no_listed_function_is_called_by_the_way(tmp_path, value):
    """What is on the list only to be passed on cannot be called through a constructor or a state."""
    found = judge(tmp_path, pickled(model(x=value)))
    assert (found.outcome, "is not verified" in found.message) == (Outcome.FAIL, True), found.message


@pytest.mark.parametrize("array", GOOD_ARRAYS)
def test_arrays_inside_the_pickle(tmp_path, array):
    """Numbers, objects, aligned, empty and single arrays: the pickle goes on behind each."""
    seen = in_process(tmp_path, joblib_model(array))
    assert (seen["writer"], seen["n_features"]) == ("joblib", 2)


BAD_ARRAYS = {
    "short": (wrapper(raw=bytes(8)), "is cut off"),
    "huge": (wrapper(shape=(1 << 30,)), "is cut off"),
    "negative": (wrapper(shape=(-1,)), "without shape and type"),
    "wrong order": (wrapper(order="X"), "makes no sense"),
    "wrong class": (wrapper(subclass="float64"), "makes no sense"),
    "two types": (wrapper("f8,O"), "arguments that make no sense"),
    "lying length": (wrapper("U10", (1,), bytes(40), state=FLEXIBLE), "contradicts itself"),
    "hidden objects": (wrapper("f8", state=HIDDEN), "hides objects"),
    "void": (wrapper("V8", (1,), bytes(8), state=HIDDEN), "hides objects"),
    "no padding": (wrapper(raw=b"\x00" + bytes(16), align=number(16)), "without its padding"),
    "wrong padding": (wrapper(raw=b"\x02\x00\x00" + bytes(16), align=number(16)), "without its padding"),
    "objects that are none": (wrapper("O8", (1,), pickled(number(1))), "of objects that is none"),
    "no type": (
        name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81" + dictionary(shape=b")") + b"b",
        "makes no sense",
    ),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_bad_arrays_fail_with_their_reason(tmp_path, case):
    """An array that says two things about its length is never skipped on trust."""
    array, words = BAD_ARRAYS[case]
    found = judge(tmp_path, joblib_model(array))
    assert (found.outcome, words in found.message) == (Outcome.FAIL, True), found.message


def packed(data):
    return {
        "plain": data, "zlib": zlib.compress(data), "gzip": gzip.compress(data), "bz2": bz2.compress(data),
        "xz": lzma.compress(data), "lzma": lzma.compress(data, lzma.FORMAT_ALONE),
    }  # fmt: skip


@pytest.mark.parametrize("trick", opcode_tricks())
def test_malicious_pickles_never_run_never_pass(tmp_path, monkeypatch, trick):
    """Whatever a pickle wants to call is named, not called, also inside arrays and behind compression."""
    monkeypatch.chdir(tmp_path)
    hostile = opcode_tricks()[trick]
    inside = wrapper("O8", (1,), pickled(hostile))
    for data in (pickled(hostile), pickled(model(x=hostile)), joblib_model(inside)):
        for form in (data, zlib.compress(data)):
            with pytest.raises(BadContent, match=r"not verified|broken pickle"):
                in_process(tmp_path, form)
    assert not Path("canary").exists()


@pytest.mark.parametrize("method", packed(b""))
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_hostile_object_in_every_form(tmp_path, monkeypatch, protocol, method):
    """A real hostile pickle is FAIL in each protocol and compression, with the name that it wants."""
    monkeypatch.chdir(tmp_path)
    data = packed(pickle.dumps({"model": Attack(), "x": 1}, protocol))[method]
    found = judge(tmp_path, data)
    assert (found.outcome, "posix.system" in found.message) == (Outcome.FAIL, True), found.message
    assert not Path("canary").exists()


def one(module, cls, *arguments):
    return name(module, cls) + many(*arguments) + b"R"


INT, OBJECT = ("builtins", "int"), ("builtins", "object")
GADGETS = {
    "test helper": one("sklearn.utils._testing", "assert_run_python_script_without_output", text("x")),
    "test class": name("sklearn.utils._testing", "TempMemmap") + b")\x81",
    "bundled package": name("sklearn.externals.joblib", "Memory") + b")\x81",
    "download": one("sklearn.datasets", "fetch_openml", text("iris")),
    "constructor with text": one("sklearn.svm._classes", "SVC", text("x")),
    "constructor with a function": one("sklearn.utils.parallel", "_FuncWrapper", name("numpy", "log")),
    "function call": one("sklearn.metrics._scorer", "get_scorer", text("x")),
    "distribution": name("scipy.stats._distn_infrastructure", "rv_frozen") + b")\x81}b",
    "partial": one("functools", "partial", name("numpy", "log")),
    "attribute getter": one("operator", "attrgetter", text("x")),
    "joblib load": one("joblib.numpy_pickle", "load", text("x")),
    "joblib call": one("joblib.parallel", "BatchedCalls", b"]"),
    "numpy load": one("numpy", "load", text("x")),
    "numpy loadtxt": one("numpy.lib.npyio", "load", text("x")),
    "ufunc call": one("numpy", "log", number(1)),
    "testing runner": one("numpy.testing._private.utils", "runstring", text("x"), b"}"),
    "dotted class": name("sklearn.svm._classes", "SVC.fit") + b")\x81",
    "cloudpickle": one("cloudpickle.cloudpickle", "_make_function", b"N"),
    "own class": name("my_models", "Best") + b")\x81",
    "eval by type": one("sklearn.metrics._dist_metrics", "newObj", name("builtins", "eval")),
    "rebuilt type of others": one(
        "copyreg", "_reconstructor", name("builtins", "int"), name("builtins", "object"), b"N"
    ),
    "array of nothing": name("numpy.core.multiarray", "_reconstruct") + many(b"N", b"N", b"N") + b"R",
    "pickled scalar": one("numpy.core.multiarray", "scalar", dtype("O8"), b"C\x01x"),
}


@pytest.mark.parametrize("gadget", GADGETS)
def test_gadgets_of_known_packages_are_refused(tmp_path, gadget):
    """Functions of scikit-learn, NumPy, SciPy and joblib that do things when called are not on the list."""
    with pytest.raises(BadContent, match="not verified"):
        in_process(tmp_path, pickled(model(x=GADGETS[gadget])))


def test_own_class_may_be_trusted(tmp_path):
    """A class named under `trusted` is taken as data, and listed; it is not run either."""
    data = pickled(model(step=name("my_models", "Best") + b")\x81}b"))
    refused = judge(tmp_path, data)
    assert (refused.outcome, "'my_models.Best'" in refused.message) == (Outcome.FAIL, True), refused.message
    found = judge(tmp_path, data, trusted=["my_models.Best"])
    assert found.outcome is Outcome.PASS, found.message
    assert "my_models.Best" in found.details["names"]


def test_state_counts_as_it_was_set(tmp_path):
    """A dictionary that is changed after it became a state no longer changes what the model says."""
    state = b"}q\x02(" + text("_sklearn_version") + text("1.5.0") + text("coef_") + number(1) + b"u"
    later = b"h\x02" + text("_sklearn_version") + text("9.9.9") + b"s0"
    seen = in_process(
        tmp_path, pickled(name("sklearn.svm._classes", "SVC") + b")\x81" + state + b"b" + later)
    )
    assert seen["versions"] == ["1.5.0"]


@pytest.mark.parametrize("unsafe", ["os.system", "builtins.eval", "numpy.load", "sklearn.x.Y", "x", "a b.c"])
def test_trust_has_bounds(tmp_path, unsafe):
    """The standard library and the loaders themselves cannot be trusted by a checklist."""
    found = judge(tmp_path, pickled(model()), trusted=[unsafe])
    assert (found.outcome, "`trusted`" in found.message) == (Outcome.ERROR, True), found.message


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"
EMPTY = name("sklearn.svm._classes", "SVC") + b")\x81" + dictionary(C=number(1)) + b"b"
BAD_FILES = {
    "empty": (b"", "is empty"),
    "text": (b"hello", "broken pickle"),
    "pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n",
        "(of 12345 bytes)",
    ),
    "torch": (b"PK\x03\x04" + bytes(40), "is a zip archive"),
    "old joblib": (b"ZF0x10                 " + zlib.compress(b"x"), "before version 0.10"),
    "no model": (pickled(number(1)), "holds a int, not a scikit-learn model"),
    "array": (pickled(GOOD_ARRAYS[4]), "holds a ndarray"),
    "empty dictionary": (pickled(b"}"), "models under: none"),
    "two models": (pickled(dictionary(a=model(), b=model())), "models under: a, b"),
    "not fitted": (
        pickled(name("sklearn.svm._classes", "SVC") + b")\x81" + dictionary(C=number(1)) + b"b"),
        "never fitted",
    ),
    "behind": (pickled(model()) + b"x", "bytes behind the end"),
    "behind zlib": (zlib.compress(pickled(model())) + b"x", "bytes behind the end"),
    "behind lzma": (lzma.compress(pickled(model())) + b"x", "bytes behind the end"),
    "cut off zlib": (zlib.compress(pickled(model()))[:-9], "cut off or broken"),
    "cut off bz2": (bz2.compress(pickled(model()))[:-9], "cut off or broken"),
    "cut off xz": (lzma.compress(pickled(model()))[:-9], "cut off or broken"),
    "broken lz4": (b"\x04\x22\x4d\x18\x40\x40\xc0" + struct.pack("<I", 9) + bytes(9), "broken LZ4"),
    "endless lz4": (b"\x04\x22\x4d\x18\x40\x40\xc0" + struct.pack("<I", 1 << 30), "a block is too large"),
    "persistent": (pickled(text("x") + b"Q"), "not verified"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_file_fails_with_its_reason(tmp_path, case):
    """Each kind of damage and each other format is FAIL with words that name it and advice."""
    data, words = BAD_FILES[case]
    found = judge(tmp_path, data)
    assert (found.outcome, words in found.message) == (Outcome.FAIL, True), found.message
    assert found.advice


def test_entry_of_a_dictionary(tmp_path):
    """`key` chooses among several models."""
    data = pickled(dictionary(a=model(), b=model(cls="SVR")))
    assert "SVR" in judge(tmp_path, data, key="b").message
    assert judge(tmp_path, data, key="c").outcome is Outcome.FAIL


COMPRESSORS = {"zlib": zlib.compress, "gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("method", COMPRESSORS)
def test_decompression_bombs_are_refused(tmp_path, method):
    """Megabytes of nothing in a small file are refused before they are all unpacked."""
    array = wrapper(shape=(1 << 28,), raw=b"")
    head = joblib_model(array)[:-1].partition(array)[0] + array
    found = judge(tmp_path, COMPRESSORS[method](head + bytes(70 << 20)))
    assert found.outcome is Outcome.ERROR
    assert "which no model needs" in found.message


@pytest.mark.parametrize("bomb", [laughs(), tuple_laughs()])
def test_pickle_bombs_cost_nothing(tmp_path, bomb):
    """Containers that would be endless when written out are looked at once, as names and classes too."""
    array = objects(bomb)
    seen = in_process(tmp_path, pickled(model(feature_names_in_=array, classes_=array, x=bomb)))
    assert (seen["features"], seen["classes"]) == (None, None)


@pytest.mark.parametrize("file", ["forest.joblib", "forest_zlib.joblib", "forest_lz4.joblib", "search.pkl"])
def test_every_sixteenth_is_missed(tmp_path, file):
    """A model cut after any sixteenth, or lacking its last byte, fails."""
    whole = (NEW / file).read_bytes()
    for length in [*(len(whole) * part // 16 for part in range(16)), len(whole) - 1]:
        with pytest.raises(CheckProblem, match=r"model\.pkl"):
            in_process(tmp_path, whole[:length])


FOREST = (NEW / "forest.joblib").read_bytes()


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, len(FOREST) - 1), value=st.integers(0, 255))
def test_damage_never_breaks_the_check(tmp_path_factory, place, value):
    """Any byte changed gives an answer or a problem in words, never another exception."""
    data = bytearray(FOREST)
    data[place] = value
    with suppress(CheckProblem):
        assert in_process(tmp_path_factory.mktemp("damage"), bytes(data))["estimator"]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80))
def test_random_bytes_never_pass(tmp_path_factory, data):
    """Random bytes are a problem in words."""
    with pytest.raises(CheckProblem, match=r"model\.pkl"):
        in_process(tmp_path_factory.mktemp("random"), data)


def test_nothing_is_imported(tmp_path):
    """Reading a model imports neither scikit-learn nor joblib, which are not even installed."""
    in_process(tmp_path, FOREST)
    assert not {"sklearn", "joblib"} & set(sys.modules)
