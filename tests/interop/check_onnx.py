"""Checks exported .onnx files with onnx, and what onnxruntime computes from them with PyTorch.

    check_onnx.py CASES_JSON EXPORTS_JSON POSITIONS_JSON
"""

import json
import sys

import numpy
import onnx
import onnxruntime
import torch
from checkpoint_content import state_dict_of
from chess_network import ChessNetwork
from report import Reporter

BATCHES = (1, 3, 32)
# |Δ| ≤ ABSOLUTE + RELATIVE · |what PyTorch computes|
ABSOLUTE = RELATIVE = 1e-5
OUTPUTS = ["policy_output", "value_output"]
NETWORK_SIZES = {"num_channels", "num_res_blocks", "policy_planes", "value_planes", "value_hidden"}


def boards(path):
    """Real positions as the network sees them, [n, 14, 8, 8]."""
    with open(path, encoding="utf-8") as file:
        positions = json.load(file)["positions"][: sum(BATCHES)]
    planes = numpy.zeros((len(positions), 14, 8, 8), numpy.float32)
    for board, position in zip(planes, positions):
        for plane, rank, square in position["pieces"]:
            board[plane, rank, square] = 1
        board[12], board[13] = position["turn"], position["castling"]
    return planes


def reference(case):
    """PyTorch's own network over the original file."""
    network = ChessNetwork(**case["network"])
    network.load_state_dict(state_dict_of(torch.load(case["file"], map_location="cpu", weights_only=False)))
    return network.eval()


def dimensions(value):
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


def wrong_interface(model, opset, external):
    graph = model.graph
    shapes = {value.name: dimensions(value) for value in [*graph.input, *graph.output]}
    expected = {
        "board_input": ["batch_size", 14, 8, 8],
        "policy_output": ["batch_size", 4096],
        "value_output": ["batch_size", 1],
    }
    if shapes != expected:
        return f"the graph has {shapes}"
    if [(one.domain, one.version) for one in model.opset_import] != [("", opset)]:
        return f"the opset is {model.opset_import}"
    if any((tensor.data_location == onnx.TensorProto.EXTERNAL) != external for tensor in graph.initializer):
        return "not all weights lie in another file" if external else "weights lie in another file"
    if any(node.op_type == "BatchNormalization" for node in graph.node):
        return "a batch norm is not folded"
    for node in graph.node:
        names = {attribute.name for attribute in node.attribute}
        if node.op_type == "Conv" and not {"kernel_shape", "pads"} <= names:
            return f"{node.name} leaves kernel_shape or pads to be inferred"
    return None


def wrong_description(model, opset, case):
    if model.ir_version != onnx.helper.find_min_ir_version_for(model.opset_import):
        return f"the IR version of opset {opset} is not {model.ir_version}"
    if model.producer_name != "caissa" or not model.producer_version:
        return f"the producer is {model.producer_name} {model.producer_version}"
    silent = [value.name for value in [*model.graph.input, *model.graph.output] if not value.doc_string]
    if silent:
        return f"{silent} have no doc string"
    said = json.loads({one.key: one.value for one in model.metadata_props}["architecture"])
    names = {"num_channels": "channels", "num_res_blocks": "blocks"}
    wrong = {key: said[key] for key in said if key in NETWORK_SIZES and said[key] != case["network"][names.get(key, key)]}
    return f"the architecture has {wrong}" if wrong or not NETWORK_SIZES <= said.keys() else None


def wrong_metadata(model, case):
    properties = {one.key: one.value for one in model.metadata_props}
    for key, value in (case["metadata"] or {}).items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        same = key in properties and (properties[key] == text or json.loads(properties[key]) == value)
        if not same:
            return f"metadata_props has {key} as {properties.get(key)!r}, not {text!r}"
    return None


def wrong_outputs(session, network, board):
    expected = [output.numpy() for output in network(torch.from_numpy(board))]
    computed = session.run(OUTPUTS, {"board_input": board})
    for name, ours, theirs in zip(OUTPUTS, computed, expected):
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            return f"{name} is {ours.dtype}{list(ours.shape)}, not {theirs.dtype}{list(theirs.shape)}"
        excess = numpy.abs(ours - theirs) - (ABSOLUTE + RELATIVE * numpy.abs(theirs))
        if not (excess <= 0).all():  # also true for NaN
            return f"{name} is off by {numpy.abs(ours - theirs).max()}"
    return None


def check_case(reporter, case, export, network, positions):
    name = f"{case['name']} opset {export['opset']}{', weights in another file' if export['external'] else ''}"
    reporter.check("onnx.checker.check_model(full_check=True)", name,
                   lambda: onnx.checker.check_model(export["file"], full_check=True))
    model = onnx.load(export["file"], load_external_data=False)
    reporter.check("names, dynamic batch, opset, place of weights, folded", name,
                   lambda: wrong_interface(model, export["opset"], export["external"]))
    reporter.check("metadata_props", name, lambda: wrong_metadata(model, case))
    reporter.check("IR version, producer, doc strings, architecture", name,
                   lambda: wrong_description(model, export["opset"], case))
    options = onnxruntime.SessionOptions()
    # Threads that wait by turning round and round take the processor from PyTorch and from everybody else.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(export["file"], options, providers=["CPUExecutionProvider"])
    taken = 0
    for batch in BATCHES:
        board = positions[taken:taken + batch]
        taken += batch
        reporter.check(f"onnxruntime agrees with PyTorch at batch {batch}", name,
                       lambda: wrong_outputs(session, network, board))


def main(cases_file, exports_file, positions_file):
    reporter = Reporter("ONNX: ")
    with open(cases_file, encoding="utf-8") as file:
        cases = json.load(file)
    with open(exports_file, encoding="utf-8") as file:
        exports = [export for export in json.load(file) if export["format"] == "onnx" and "file" in export]
    positions = boards(positions_file)
    for case in cases:
        network = reference(case)
        for export in exports:
            if export["case"] == case["name"]:
                reporter.check("onnx and onnxruntime open it", f"{case['name']} opset {export['opset']}",
                               lambda: check_case(reporter, case, export, network, positions))


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main(*sys.argv[1:])
