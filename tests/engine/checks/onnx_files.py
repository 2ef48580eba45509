"""Small ONNX models and test sets, made on the spot."""

import io

import numpy as np
from onnx import TensorProto, helper

FEATURES, CLASSES = 4, 3


def linear(*, batch="N", classes=CLASSES, scale=1.0, extra_nodes=(), output="logits"):
    """[N, 4] to [N, classes]: class k scores feature k, so that one-hot rows are answered exactly."""
    weights = np.eye(FEATURES, classes, dtype=np.float32) * np.float32(scale)
    nodes = [helper.make_node("MatMul", ["image", "w"], ["logits"]), *extra_nodes]
    return model(nodes, [constant("w", weights)], batch=batch, classes=classes, output=output)


def constant(name, values):
    return helper.make_tensor(name, TensorProto.FLOAT, values.shape, values.tobytes(), raw=True)


def model(nodes, constants, *, batch="N", classes=CLASSES, output="logits", opsets=(), inputs=1):
    names = ["image", "image2"][:inputs]
    ins = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [batch, FEATURES]) for n in names]
    out = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", ins, [out], constants)
    imports = [helper.make_opsetid("", 17), *opsets]
    return helper.make_model(graph, opset_imports=imports, ir_version=8, producer_name="tests")


def outside(where="../../../etc/passwd"):
    """A model whose weights lie in another file."""
    made = linear()
    weight = made.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in (("location", where), ("offset", "0"), ("length", "48")):
        weight.external_data.add(key=key, value=value)
    return made


def outside_in_branch():
    """External data hidden in a constant of a branch's body."""
    hidden = outside("hidden.bin").graph.initializer[0]
    body = helper.make_graph(
        [helper.make_node("Constant", [], ["c"], value=hidden)],
        "then",
        [],
        [helper.make_tensor_value_info("c", TensorProto.FLOAT, [FEATURES, CLASSES])],
    )
    condition = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    nodes = [
        helper.make_node("If", ["yes"], ["w"], then_branch=body, else_branch=body),
        helper.make_node("MatMul", ["image", "w"], ["logits"]),
    ]
    return model(nodes, [condition])


def custom():
    """A model with an operator of a domain that only its own library knows."""
    node = helper.make_node("Evil", ["image"], ["logits"], domain="com.example")
    return model([node], [], opsets=[helper.make_opsetid("com.example", 1)])


def not_a_number():
    """Logits minus infinity plus infinity."""
    nodes = [
        helper.make_node("MatMul", ["image", "w"], ["x"]),
        helper.make_node("Log", ["zero"], ["low"]),
        helper.make_node("Mul", ["low", "zero"], ["bad"]),
        helper.make_node("Add", ["x", "bad"], ["logits"]),
    ]
    weights = np.eye(FEATURES, CLASSES, dtype=np.float32)
    return model(nodes, [constant("w", weights), constant("zero", np.zeros(1, dtype=np.float32))])


def endless():
    """A loop of 2^62 rounds."""
    rounds = helper.make_tensor("rounds", TensorProto.INT64, [], [1 << 62])
    yes = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["on_in"], ["on_out"]),
            helper.make_node("Add", ["x_in", "x_in"], ["x_out"]),
        ],
        "body",
        [
            info("i", TensorProto.INT64, []),
            info("on_in", TensorProto.BOOL, []),
            info("x_in", TensorProto.FLOAT, None),
        ],
        [info("on_out", TensorProto.BOOL, []), info("x_out", TensorProto.FLOAT, None)],
    )
    return model([helper.make_node("Loop", ["rounds", "yes", "image"], ["logits"], body=body)], [rounds, yes])


def greedy():
    """Asks for an array of 4 TB."""
    shape = helper.make_tensor("shape", TensorProto.INT64, [2], [1 << 20, 1 << 20])
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["huge"]),
        helper.make_node("ReduceSum", ["huge"], ["one"]),
        helper.make_node("Add", ["image", "one"], ["logits"]),
    ]
    return model(nodes, [shape])


def npz(**arrays):
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def answered(wrong=0, count=30, dtype=np.float32):
    """One-hot rows; the first `wrong` labels are off by one."""
    labels = np.arange(count) % CLASSES
    images = np.eye(FEATURES, dtype=dtype)[labels]
    labels[:wrong] = (labels[:wrong] + 1) % CLASSES
    return {"images": images, "labels": labels}
