"""Loads the exports of files as training programs leave them, with the PyTorch that runs this script (1.13 or later).

    check_situations.py SITUATIONS_JSON READ_JSON

Where there is onnxruntime, it also computes what the .onnx files compute.
"""

import json
import sys

import torch
from check_pytorch import SAFE_LOADER_READS_FLOATS
from checkpoint_content import describe
from report import Reporter

try:
    import numpy
    import onnxruntime
    from expectations import difference
except ImportError:
    onnxruntime = None


def as_json(value):
    """A value of an export as its file's expectation writes it."""
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    return value


def holds_float(value):
    if isinstance(value, dict):
        return holds_float([*value.keys(), *value.values()])
    return isinstance(value, float) or (isinstance(value, (list, tuple)) and any(map(holds_float, value)))


def wrong_tensors(state, expected):
    if list(state) != list(expected):
        return f"the names differ: {sorted(set(state) ^ set(expected)) or 'in their order only'}"
    wrong = [name for name, tensor in state.items() if describe(tensor) != expected[name]]
    return f"{wrong} differ" if wrong else None


def wrong_metadata(situation, metadata):
    for key, value in {**situation["shown"], **situation["kept"]}.items():
        if key not in metadata or as_json(metadata[key]) != value:
            return f"{key} is {metadata.get(key)!r}, not {value!r}"
    return None


def wrong_outputs(path, boards, network):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    policy, value = session.run(["policy_output", "value_output"], {"board_input": numpy.array(boards, numpy.float32)})
    problems = [
        difference("the policy", policy, numpy.array(network["policy"], numpy.float32)),
        difference("the value", value, numpy.array(network["value"], numpy.float32)),
    ]
    return next(filter(None, problems), None)


def check_file(reporter, situation, files, content):
    name, network = situation["name"], content["networks"][situation["network"]]
    loaded = {}

    def wrong_load():
        try:
            loaded.update(torch.load(files["pytorch"], map_location="cpu", weights_only=True))
        except Exception:
            if SAFE_LOADER_READS_FLOATS:
                raise
            loaded.update(torch.load(files["pytorch"], map_location="cpu"))
            return None if holds_float([loaded["metadata"], loaded["architecture"]]) else "the safe loader refuses it"

    if reporter.check("torch.load(weights_only=True)", name, wrong_load):
        reporter.check("every tensor is bit-identical", name,
                       lambda: wrong_tensors(loaded["model_state_dict"], network["tensors"]))
        reporter.check("metadata is kept", name, lambda: wrong_metadata(situation, loaded["metadata"]))
    if onnxruntime:
        reporter.check("onnxruntime agrees with PyTorch", name,
                       lambda: wrong_outputs(files["onnx"], content["boards"], network))


def main(situations_file, read_file):
    reporter = Reporter(f"Files of training programs, PyTorch {torch.__version__}: ")
    with open(situations_file, encoding="utf-8") as file:
        content = json.load(file)
    with open(read_file, encoding="utf-8") as file:
        read = {files["name"]: files for files in json.load(file)}
    for situation in content["situations"]:
        if situation["name"] in read:
            check_file(reporter, situation, read[situation["name"]], content)


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main(*sys.argv[1:])
