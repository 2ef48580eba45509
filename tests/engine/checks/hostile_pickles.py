"""Pickles that would run something, or would never end: for every kind that reads pickles."""

from torch_files import dictionary, many, name, number, text


def opcode_tricks():
    system = name("os", "system")
    order = many(text("touch canary"))
    return {
        "global reduce": system + order + b"R",
        "stack global": text("os") + text("system") + b"\x93" + order + b"R",
        "memoised names": text("os") + b"q\x010h\x01" + text("system") + b"\x93" + order + b"R",
        "inst": b"(" + text("touch canary") + b"ios\nsystem\n",
        "object": b"(" + system + text("touch canary") + b"o",
        "new object": system + order + b"\x81",
        "new object with names": system + order + b"}\x92",
        "eval": name("builtins", "eval") + many(text("open('canary','w')")) + b"R",
        "python 2 eval": name("__builtin__", "eval") + many(text("open('canary','w')")) + b"R",
        "getattr": name("builtins", "getattr") + many(name("collections", "OrderedDict"), text("x")) + b"R",
        "import": name("importlib", "import_module") + many(text("this")) + b"R",
        "dotted": text("collections") + text("OrderedDict.__init__.__globals__") + b"\x93",
        "torch load": name("torch.storage", "_load_from_bytes") + many(text("x")) + b"R",
        "torch hub": name("torch.hub", "load") + many(text("x")) + b"R",
        "through from_type": name("torch._tensor", "_rebuild_from_type_v2")
        + many(system, name("torch", "Tensor"), order, b"N")
        + b"R",
        "nested persistent id": many(text("storage"), system, text("0"), text("cpu"), number(6)) + b"Q",
        "persistent id of text": text("storage") + b"Q",
        "text persistent id": b"Pstorage\n",
        "build on a class": name("torch", "Size") + dictionary(x=number(1)) + b"b",
        "set on a class": name("collections", "OrderedDict") + text("a") + number(1) + b"s",
        "call of a call": name("collections", "OrderedDict") + b")R" + b")R",
        "extension": b"\x82\x01",
        "named by a number": number(1) + text("system") + b"\x93",
        "codec": name("_codecs", "encode") + many(text("x"), text("rot13")) + b"R",
        "buffer": b"\x97",
    }


def laughs(levels=40):
    """Lists that hold the list before ten times over: 10^levels entries when written out."""
    out = b"]q\x00"
    for level in range(levels):
        put, get = bytes([level + 1]), b"h" + bytes([level])
        out += b"]q" + put + b"(" + get * 10 + b"e"
    return out


def tuple_laughs(levels=40):
    """The same with tuples, which a hash or a comparison would walk."""
    out = b")q\x00"
    for level in range(levels):
        out += b"(" + (b"h" + bytes([level])) * 10 + b"tq" + bytes([level + 1])
    return out
