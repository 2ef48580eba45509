"""Builds PyTorch-like files by hand, opcode by opcode, so that no test needs PyTorch."""

import io
import struct
import zipfile


def text(value):
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value):
    return b"J" + struct.pack("<i", value)


def real(value):
    return b"G" + struct.pack(">d", value)


def name(module, attribute):
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def many(*parts):
    return b"(" + b"".join(parts) + b"t"


def dictionary(**entries):
    return b"}(" + b"".join(text(key) + value for key, value in entries.items()) + b"u"


def storage(key, count, kind="FloatStorage"):
    return many(text("storage"), name("torch", kind), text(key), text("cpu"), number(count)) + b"Q"


def tensor(key, shape=(2, 3), *, offset=0, count=None, kind="FloatStorage"):
    total, strides = 1, []
    for length in reversed(shape):
        strides.insert(0, total)
        total *= length
    hooks = name("collections", "OrderedDict") + b")R"
    place = storage(key, total if count is None else count, kind)
    arguments = (
        place,
        number(offset),
        many(*map(number, shape)),
        many(*map(number, strides)),
        b"\x89",
        hooks,
    )
    return name("torch._utils", "_rebuild_tensor_v2") + many(*arguments) + b"R"


def checkpoint_pickle(**more):
    entries = {
        "model_state_dict": dictionary(weight=tensor("0"), bias=tensor("1", (3,))),
        "epoch": number(18),
        "val_acc": real(0.939),
    } | more
    return pickled(dictionary(**entries))


def pickled(value):
    return b"\x80\x02" + value + b"."


def archive(data, storages=None, *, prefix="archive", extra=None, compression=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as made:
        made.writestr(f"{prefix}/data.pkl", data)
        for key, content in ({"0": bytes(24), "1": bytes(12)} if storages is None else storages).items():
            made.writestr(f"{prefix}/data/{key}", content)
        for path, content in (extra or {}).items():
            made.writestr(path, content)
    return out.getvalue()


def checkpoint_file(**more):
    return archive(checkpoint_pickle(**more))
